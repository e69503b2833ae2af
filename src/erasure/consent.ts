/** Where the site wants it so, a device whose consent is withdrawn is erased (V11). */
import type { Committed } from '../visitors/contract.ts'
import type { ErasureLog, Erasures } from './contract.ts'

const RETRY_MS = 5_000

export interface ConsentParts {
  readonly onCommitted: (listener: (committed: Committed) => void) => () => void
  readonly begin: Erasures['begin']
  readonly log: ErasureLog
  readonly retryMs?: number
}

/** Begins to listen; the result ends it. */
export function eraseWithoutConsent({
  onCommitted,
  begin,
  log,
  retryMs = RETRY_MS,
}: ConsentParts): () => void {
  const retries = new Set<NodeJS.Timeout>()

  const erase = (globalVisitID: string): void => {
    begin('device', globalVisitID).catch((err: unknown) => {
      log.warn({ err }, 'a device without consent cannot be erased now; it is tried again')
      const retry = setTimeout(() => {
        retries.delete(retry)
        erase(globalVisitID)
      }, retryMs)
      retries.add(retry)
    })
  }

  const stop = onCommitted(({ visits }) => {
    for (const { globalVisitID, reason } of visits) if (reason === 'withdrawn') erase(globalVisitID)
  })
  return () => {
    stop()
    for (const retry of retries) clearTimeout(retry)
  }
}
