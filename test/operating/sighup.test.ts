/** A real process that is told to read its keys again. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { startVestibule } from '../browser/vestibule.ts'
import { tempFolder } from '../helpers/temp-folder.ts'
import { eventually } from '../helpers/within.ts'

const signals = suite('signals')

signals(
  '[Q9] on SIGHUP the file of keys is read again: one that is gone lets nobody in any more',
  async () => {
    const folder = tempFolder()
    const file = join(folder.path, 'keys')
    const [first, second] = ['first-secret-0123456', 'second-secret-012345']
    writeFileSync(file, `first:${first}:history:read\n`)
    const server = await startVestibule({ VESTIBULE_KEYS_FILE: file, VESTIBULE_LOG_LEVEL: 'silent' })
    try {
      // The lock on its folder says which process it is.
      const { pid } = JSON.parse(readFileSync(join(server.data, 'server.lock'), 'utf8'))
      const ask = async (secret: string): Promise<number> => {
        const headers = { authorization: `Bearer ${secret}` }
        return (await fetch(`${server.url}/backend/data/contacts`, { headers })).status
      }
      const until = (secret: string, status: number) =>
        eventually(5_000, `${status}`, async () => ((await ask(secret)) === status ? true : undefined))
      assert.is(await ask(first), 200)
      writeFileSync(file, `second:${second}:history:read\n`)
      process.kill(pid, 'SIGHUP')
      await until(second, 200)
      assert.is(await ask(first), 401)
      writeFileSync(file, 'no key\n')
      process.kill(pid, 'SIGHUP')
      writeFileSync(file, `first:${first}:history:read\nsecond:${second}:history:read\n`)
      process.kill(pid, 'SIGHUP')
      await until(first, 200)
      assert.is(await ask(second), 200)
    } finally {
      await server.stop()
      folder.remove()
    }
  },
)

signals.run()
