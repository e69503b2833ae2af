/** What a load run writes down for whoever checks the server afterwards: who was really there, what was acknowledged. */
import { createWriteStream, openSync, type WriteStream } from 'node:fs'
import { finished } from 'node:stream/promises'

/** The truth about one visit, as the browser knows it. Times are epoch ms. */
export interface VisitTruth {
  readonly globalVisitID: string
  readonly visitID: string
  readonly startDate: number
  readonly endDate: number
  /** Who sat there, in order, whether they signed in or not. */
  readonly identityIds: readonly string[]
  readonly signedIn: readonly string[]
}

export interface Ledger {
  readonly visit: (truth: VisitTruth) => void
  /** In the order of the acks; of one tab that is the order in which the events happened. */
  readonly acknowledged: (globalVisitID: string, eventID: string) => void
  /** Resolves when all is in the files. */
  readonly close: () => Promise<void>
}

/** NDJSON files; a path that is undefined is not written. Throws where one cannot be opened. */
export function openLedger(truthPath: string | undefined, ackedPath: string | undefined): Ledger {
  const truth = open(truthPath)
  const acked = open(ackedPath)
  return {
    visit: (one) => truth?.stream.write(`${JSON.stringify(one)}\n`),
    acknowledged: (globalVisitID, eventID) =>
      acked?.stream.write(`${JSON.stringify({ globalVisitID, eventID })}\n`),
    close: async () => {
      truth?.stream.end()
      acked?.stream.end()
      await Promise.all([truth?.done, acked?.done])
    },
  }
}

function open(path: string | undefined): { stream: WriteStream; done: Promise<void> } | null {
  if (path === undefined) return null
  const stream = createWriteStream(path, { fd: openSync(path, 'w') })
  const done = finished(stream)
  // The failure is told by `close`, which waits for the same promise.
  done.catch(() => undefined)
  return { stream, done }
}
