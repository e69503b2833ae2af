/** What must be true where retention took something, read from the specification (Q12): what is young stays, what is old goes. */

import { isStoredEvent, type StoredEntry } from '../../src/store/rows.ts'
import type { TableName } from '../../src/store/tables.ts'
import { rangeOf } from '../contract/memory-disk.ts'
import type { Life } from './erasing.ts'
import { KEEP_MS, SHORT_KEEP_MS } from './house.ts'
import { must } from './ledger.ts'
import { textsOn } from './texts.ts'
import type { World } from './world.ts'

/** What came before `keptFrom` may go: it is older than the limit, or its visitor left at once and was nobody. */
export function provesOld({ globalVisitID, entries }: Life, keptFrom: number, now: number): void {
  const gone = entries.filter(({ seq }) => seq < keptFrom)
  const isShort = keptFrom > (entries.at(-1)?.seq ?? 0) && wasNobody(entries)
  const limit = now - (isShort ? SHORT_KEEP_MS : KEEP_MS)
  const young = gone.find(({ at }) => at >= limit)
  must(
    young === undefined,
    'Q12: kept',
    () => `${globalVisitID}: entry ${young?.seq} goes, and is not too old`,
  )
}

/** One visit, one page at most, nothing done, nobody known. */
function wasNobody(entries: readonly StoredEntry[]): boolean {
  const events = entries.filter(isStoredEvent)
  const pages = events.filter(({ words }) => words.eventName === 'PageEntered')
  const visits = new Set(entries.map(({ visit }) => visit).filter((visit) => visit !== 0))
  return (
    visits.size <= 1 &&
    pages.length <= 1 &&
    events.every(({ words }) => words.eventType === 'SYSTEM') &&
    entries.every(({ identity }) => identity === 0)
  )
}

/** Of people and what they did; of hashes and the node's own there is more. */
const OF_LIVES: readonly TableName[] = [
  ...(['stream', 'visits', 'sessions', 'pages', 'links', 'linksOf', 'contacts', 'contactsOf'] as const),
  ...([
    'identities',
    'identityNumbers',
    'addresses',
    'bases',
    'changes',
    'dead',
    'deadlines',
    'connected',
  ] as const),
]

/** Everybody left long ago: nothing of anybody is kept, and no word that they said. */
export function provesNothingIsLeft({ house: { disk }, observer }: World, words: ReadonlySet<string>): void {
  for (const name of OF_LIVES) {
    const [key] = disk.table(name).keys({ ...rangeOf(), limit: 1 })
    must(
      key === undefined,
      'Q12: too old',
      () => `${name} has a row still: ${key?.replaceAll('\u0001', ' ')}`,
    )
  }
  const texts = textsOn(disk)
  const left = [...words].find((word) => texts.has(word))
  must(left === undefined, 'Q12: too old', () => `${left} stands in ${texts.get(left ?? '')} still`)
  must(observer.oracles.size > 0, 'Q12', () => 'nobody ever came')
}

/** The hashes go too, and with the last of them the visitor. */
export function provesNobodyIsLeft({ house: { disk } }: World): void {
  for (const name of ['visitors', 'visitorNumbers', 'seen', 'seenRuns', 'names', 'tokens'] as const) {
    const [key] = disk.table(name).keys({ ...rangeOf(), limit: 1 })
    must(key === undefined, 'Q12: hashes', () => `${name} has a row still: ${key?.replaceAll('\u0001', ' ')}`)
  }
}
