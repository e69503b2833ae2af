/** Builds what the browser tests load, so that they never look at an older one. */
import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

export function buildTracker(): void {
  execFileSync(process.execPath, [fileURLToPath(new URL('../../src/tracker/build.mjs', import.meta.url))])
}
