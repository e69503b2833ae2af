/** A bench that is broken off: it has a folder and a job open, says so, and waits for a signal. */
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { atExit, removeFolder } from '../../bench/leaving.ts'

const folder = mkdtempSync(join(tmpdir(), 'vestibule-leaver-'))
process.once('SIGINT', () => process.exit(1))
atExit(() => removeFolder(folder))
atExit(() => {
  throw new Error('this one cannot be put away')
})
const forget = atExit(() => process.stdout.write('forgotten, and put away all the same\n'))
forget()
atExit(() => process.stdout.write('the last is the first\n'))
process.stdout.write(`${folder}\n`)
setInterval(() => undefined, 1_000)
