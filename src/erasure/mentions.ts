/** Where the streams of other devices name one that is erased: what a rule looked up there (Q12). */
import type { Store } from '../store/contract.ts'
import { isStoredEvent, type StoredEntry } from '../store/rows.ts'
import { deviceMention } from '../visitors/forgetting.ts'
import { holds, replaced } from '../visitors/replacing.ts'
import { STEP_ENTRIES, type Step } from './steps.ts'

/** What stands where the ids stood. */
const GONE = 'erased'

/** Their entries without the ids of the device and of its visits; a visitor is found until all of it is done. */
export function* mentionSteps(store: Store, globalVisitID: string): Generator<Step> {
  const name = deviceMention(globalVisitID)
  for (const number of store.mentionsOf(name, Number.MAX_SAFE_INTEGER)) {
    for (let from = 1; ; ) {
      const chunks = store.chunks(number, { from, entries: STEP_ENTRIES })
      let named = 0
      const overwritten = chunks.flatMap(({ entries }) => {
        const without = entries.map((entry) => withoutDevice(entry, globalVisitID))
        const changed = without.filter((entry, index) => entry !== entries[index]).length
        named += changed
        return changed === 0 ? [] : [{ number, entries: without }]
      })
      if (overwritten.length > 0) yield { erase: { chunks: overwritten }, counts: { named } }
      const last = chunks.at(-1)?.entries.at(-1)
      if (last === undefined) break
      from = last.seq + 1
    }
    yield { erase: { gone: { mentions: [{ identityId: name, number }] } }, counts: {} }
  }
}

/** Without the device, and the visits that are named with it: also where a rule says them as its evidence. */
function withoutDevice(entry: StoredEntry, globalVisitID: string): StoredEntry {
  if (isStoredEvent(entry) || !holds(entry.payload, globalVisitID)) return entry
  const payload = visitsNamedWith(entry.payload, globalVisitID).reduce(
    (rest, visitId) => replaced(rest, visitId, GONE),
    replaced(entry.payload, globalVisitID, GONE),
  )
  return { ...entry, payload }
}

function visitsNamedWith(value: unknown, globalVisitID: string): readonly string[] {
  if (typeof value !== 'object' || value === null) return []
  const inner = Object.values(value).flatMap((part) => visitsNamedWith(part, globalVisitID))
  const isNamed = 'globalVisitID' in value && value.globalVisitID === globalVisitID
  return isNamed && 'visitId' in value && typeof value.visitId === 'string'
    ? [value.visitId, ...inner]
    : inner
}
