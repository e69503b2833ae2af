/** `tracker.js`, for a script tag: the server is where the script came from, unless `config` says otherwise. */
import { install } from './main.ts'

const { currentScript } = document
const source = currentScript instanceof HTMLScriptElement ? currentScript.src : location.href
install(new URL(source, location.href).origin)
