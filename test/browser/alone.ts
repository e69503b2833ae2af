/** A real Chromium that nobody controls: under a debugger it prepares no pages ("PrerenderingDisabledByDevTools"). */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { tempFolder } from '../helpers/temp-folder.ts'
import { ARGS, EXECUTABLE } from './chromium.ts'

/** Opens this page in a profile of its own; what happens there is for the page to tell. Answers how to end it. */
export function openAlone(url: string): () => Promise<void> {
  const profile = tempFolder()
  const browser = spawn(EXECUTABLE, [...ARGS, `--user-data-dir=${profile.path}`, url], {
    stdio: 'ignore',
    // A group of its own, so that its children end with it.
    detached: true,
  })
  const end = () => {
    if (browser.pid !== undefined && browser.exitCode === null) process.kill(-browser.pid, 'SIGKILL')
  }
  process.once('exit', end)
  return async () => {
    process.off('exit', end)
    const ended = once(browser, 'exit')
    end()
    await ended
    profile.remove()
  }
}
