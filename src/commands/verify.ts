/** `vestibule verify`: proves that a data folder agrees with itself, and says where it does not. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { MACHINE_VERSION, SnapshotTooNew } from '../../machines/versions.ts'
import { OPTIONS } from '../config.ts'
import type { Store } from '../store/contract.ts'
import { StoreLocked, StoreTooNew, StoreUnavailable } from '../store/errors.ts'
import { openStore } from '../store/store.ts'
import { readSettingsBook } from '../visitors/snapshots.ts'
import { type Finding, findingLine } from './verify/findings.ts'
import { proveFolder } from './verify/folder.ts'
import type { Tally } from './verify/proof.ts'

const HELP = `usage: vestibule verify [--data FOLDER]

Reads a whole data folder and proves it: every stream told again gives the state that is kept, and what the lists
give is what the streams say. No server may have the folder open. Prints one line for each thing that does not agree.

  --data FOLDER   the folder; else ${OPTIONS.data.key}, else ${OPTIONS.data.fallback}

exit code: 0 all agrees, 1 something does not, 2 it could not look
`

/** Findings that are printed; more are only counted. */
const FINDINGS_SHOWN = 1_000
const PROGRESS_MS = 500

/** Proves the folder; the exit code. */
export async function verify(args: readonly string[]): Promise<number> {
  const data = folderOf(args)
  if (typeof data === 'number') return data
  try {
    const store = await openStore({ path: data, quotaBytes: 0, diskReserveBytes: 0 })
    try {
      const half = store.erasures().filter(({ finishedAt }) => finishedAt === 0).length
      return half === 0 ? proveAndTell(store) : refused(halfErased(half))
    } finally {
      await store.close()
    }
  } catch (error) {
    const isKnown = [StoreLocked, StoreTooNew, StoreUnavailable, SnapshotTooNew].some(
      (kind) => error instanceof kind,
    )
    if (!isKnown || !(error instanceof Error)) throw error
    return refused(error.message)
  }
}

/** The folder that was asked for, or the exit code of an end at once. */
function folderOf(args: readonly string[]): string | number {
  try {
    const options = { data: { type: 'string' }, help: { type: 'boolean' } } as const
    const { values } = parseArgs({ args: [...args], options, allowPositionals: false })
    if (values.help === true) {
      process.stdout.write(HELP)
      return 0
    }
    const data = values.data || process.env[OPTIONS.data.key] || OPTIONS.data.fallback
    // Opening would make a folder where there is none, and find it in order.
    return existsSync(join(data, 'data.mdb'))
      ? data
      : refused(`${data} holds no store: name its folder with --data`)
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
    return refused(error.message)
  }
}

function refused(why: string): number {
  process.stderr.write(`vestibule verify: ${why}\n`)
  return 2
}

/** Q12: the rows of one who is half erased agree with nothing, and that is no damage. */
function halfErased(count: number): string {
  return `${count} erasures are not done: start the server, which goes on with them, and verify then`
}

function proveAndTell(store: Store): number {
  const noted = Number(store.note('machineVersion') ?? 0)
  if (noted > MACHINE_VERSION) throw new SnapshotTooNew(noted)
  let findings = 0
  const tell = (finding: Finding): void => {
    findings += 1
    if (findings <= FINDINGS_SHOWN) process.stdout.write(`${findingLine(finding)}\n`)
  }
  const counts = proveFolder({ store, book: readSettingsBook(store), tell, progress: createProgress() })
  if (process.stderr.isTTY) process.stderr.write(CLEAR_LINE)
  process.stdout.write(`${summary(counts, findings)}\n`)
  return findings === 0 ? 0 : 1
}

function summary(counts: Tally & { readonly identities: number }, findings: number): string {
  const { visitors, entries, visits, sessions, pages, identities, contacts } = counts
  const read = `${visitors} visitors, ${entries} entries, ${visits} visits, ${sessions} sessions, ${pages} pages, ${identities} identities, ${contacts} contact rows`
  const more = findings > FINDINGS_SHOWN ? `, the first ${FINDINGS_SHOWN} of them above` : ''
  return `verified ${read}: ${findings === 0 ? 'all agrees' : `${findings} findings${more}`}`
}

const CLEAR_LINE = '\r\u001b[K'

/** On a terminal one line says how far it is. */
function createProgress(): (tally: Tally) => void {
  let next = 0
  return ({ visitors, entries }) => {
    if (!process.stderr.isTTY || performance.now() < next) return
    next = performance.now() + PROGRESS_MS
    process.stderr.write(`${CLEAR_LINE}${visitors} visitors, ${entries} entries`)
  }
}
