/** The relay's own process killed, again and again: the stream ends up with every committed change, once, in order. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { tempFolder } from '../helpers/temp-folder.ts'
import { eventually, within } from '../helpers/within.ts'
import { idsOf, readStream, SHORT_WINDOW, STREAM, WAIT_MS, withManager, withStream } from './real-stream.ts'

const crash = suite('relay crashes')
const PROGRAM = fileURLToPath(new URL('./crashing.ts', import.meta.url))
const KILLS = 3

crash(
  '[B2] kill -9 of our process, again and again: every committed change is in the stream once, in order',
  withStream(SHORT_WINDOW, async ({ server }) => {
    const folder = tempFolder()
    const stored = () => withManager(server, async (jsm) => (await jsm.streams.info(STREAM)).state.messages)
    try {
      for (let kills = 0; kills < KILLS; kills++) {
        const before = await stored()
        const child = run(folder.path, server.url, 'talk')
        try {
          await eventually(
            WAIT_MS,
            'changes go out',
            async () => (await stored()) > before + 200 || undefined,
          )
        } finally {
          child.kill('SIGKILL')
        }
        await within(WAIT_MS, 'it ends', once(child, 'exit'))
      }
      const committed = await drain(folder.path, server.url)
      const ids = idsOf(await readStream(server))
      assert.is(ids.length, committed)
      for (let visitor = 0; visitor < 8; visitor++) {
        const seqs = ids.filter((id) => id.startsWith(`v-${visitor}.`)).map((id) => Number(id.split('.')[1]))
        assert.equal(
          seqs,
          Array.from({ length: committed / 8 }, (_, index) => index + 1),
        )
      }
    } finally {
      folder.remove()
    }
  }),
)

function run(path: string, natsUrl: string, task: 'talk' | 'drain'): ChildProcess {
  return spawn(process.execPath, ['--import', 'tsx', PROGRAM, path, natsUrl, task], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
}

/** Lets a last process publish what is left; says how many changes were ever committed. */
async function drain(path: string, natsUrl: string): Promise<number> {
  const child = run(path, natsUrl, 'drain')
  let said = ''
  child.stdout?.on('data', (text: Buffer) => {
    said += text.toString()
  })
  try {
    await within(WAIT_MS, 'it ends', once(child, 'close'))
  } finally {
    child.kill('SIGKILL')
  }
  return Number(said.trim())
}

crash.run()
