/** `tracker.mjs`, for a bundler: the same queue as an export. */
import { install } from './main.ts'

export const gt = install(location.origin)
