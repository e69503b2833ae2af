/** A bench that is broken off leaves nothing behind. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { endProcess } from '../../bench/patience.ts'
import { within } from '../helpers/within.ts'

const leaving = suite('leaving')

leaving(
  'a signal puts away what is open, the last first; one that fails keeps none from the others',
  async () => {
    const path = fileURLToPath(new URL('leaver.ts', import.meta.url))
    const child = spawn(process.execPath, ['--import', 'tsx', path], { stdio: ['ignore', 'pipe', 'pipe'] })
    const ended = once(child, 'close')
    let said = ''
    let complained = ''
    child.stderr.on('data', (chunk) => {
      complained += String(chunk)
    })
    const folder = new Promise<string>((resolve) => {
      child.stdout.on('data', (chunk) => {
        said += String(chunk)
        if (said.includes('\n')) resolve(said.split('\n')[0] ?? '')
      })
    })
    const opened = await within(30_000, 'its folder', folder)
    assert.ok(existsSync(opened))
    await within(30_000, 'its end', endProcess(child, ended, 'SIGINT'))
    assert.is(child.exitCode, 1)
    assert.not(existsSync(opened))
    assert.equal(said.split('\n').slice(1), ['the last is the first', ''])
    assert.match(complained, /left behind: Error: this one cannot be put away/)
  },
)

leaving.run()
