/** The proof of a whole folder: visitor by visitor, then what belongs to the node. */
import type { Store } from '../../store/contract.ts'
import { readRetained } from '../../store/retained.ts'
import type { VisitorRow } from '../../store/rows.ts'
import type { SettingsBook } from '../../visitors/snapshots.ts'
import { proveDue } from './due.ts'
import { createChecks, type Tell } from './findings.ts'
import { proveNode } from './node.ts'
import { add, NONE, type Proof, type Tally } from './proof.ts'
import { visitorsOf } from './reading.ts'
import { proveReplay } from './replaying.ts'
import { proveStanding } from './standing.ts'
import { createStream } from './stream.ts'
import { createTold } from './told.ts'
import { createScores } from './told-scores.ts'

export interface FolderOptions {
  readonly store: Store
  readonly book: SettingsBook
  readonly tell: Tell
  /** Called after each visitor with how far it is. */
  readonly progress: (tally: Tally) => void
}

/** Everything in the folder, proven; counts what there was. A row that cannot be decoded is a finding too. */
export function proveFolder({ store, book, tell, progress }: FolderOptions): Tally & { identities: number } {
  const [firstCommit] = store.commits({ limit: 1 })
  const [firstChange] = store.changes({ limit: 1 })
  const retained = readRetained(store)
  const proof: Proof = {
    store,
    book,
    tell,
    firstCommit: firstCommit?.position ?? 1,
    changesDropped: firstChange?.position ?? Number.POSITIVE_INFINITY,
    retained,
    scores: createScores(),
    aliases: new Set(),
    userAgents: new Set(),
  }
  // A stream that is not whole does not tell how rules did in what is missing.
  if (retained.at + retained.shortPosition > 0) proof.scores.lose()
  let tally = NONE
  const proveAll = (): void => {
    for (const row of visitorsOf(store)) {
      tally = add(tally, readable(tell, row.number, () => proveVisitor(proof, row)) ?? { visitors: 1 })
      progress(tally)
    }
  }
  readable(tell, 0, proveAll)
  return { ...tally, ...(readable(tell, 0, () => proveNode(proof, tally)) ?? { identities: 0 }) }
}

/** What a proof says, or null where it met bytes that are no row. */
function readable<T>(tell: Tell, visitor: number, prove: () => T): T | null {
  try {
    return prove()
  } catch (cause) {
    const found = `bytes that are none (${cause instanceof Error ? cause.name : 'a throw'})`
    tell({ visitor, what: 'a row that is read', expected: 'a row', found })
    return null
  }
}

function proveVisitor(proof: Proof, row: VisitorRow): Partial<Tally> {
  const { number, globalVisitID } = row
  const checks = createChecks(number, proof.tell)
  checks.same('number of its globalVisitID', proof.store.visitorNumber(globalVisitID), number)
  const stream = createStream(proof, row)
  const told = createTold(proof, number)
  const context = proveReplay(proof, row, { read: stream.take, told: told.take })
  const counts = told.finish()
  const standing = proveStanding(proof, row, { context, told: counts })
  const { changes } = counts
  return { visitors: 1, changes, ...stream.finish(), ...standing, ...proveDue(proof, row, context) }
}
