/** The store as the relay sees it, in memory: changes that are committed, and what the relay writes down. */
import type { RelayStore } from '../../src/bus/relay.ts'
import type { ChangeRow, DeadRow, RelayPlaceRow, SentRow } from '../../src/store/rows.ts'
import type { Committed } from '../../src/visitors/contract.ts'

export interface MemoryStore extends RelayStore {
  readonly onCommitted: (listener: (committed: Committed) => void) => () => void
  /** Commits one entry of a visitor with these changes; says what rows became of it. */
  readonly commit: (globalVisitID: string, changes: readonly NewChange[]) => readonly ChangeRow[]
  readonly rows: () => readonly ChangeRow[]
  /** From now on what the relay saves is lost, as at a crash before it was written. */
  readonly loseSaves: (lose: boolean) => void
  readonly saves: () => number
}

export type NewChange = Pick<ChangeRow, 'kind' | 'name'> & Partial<Pick<ChangeRow, 'data'>>

export const FIRST_AT = Date.UTC(2026, 0, 1)

export function createMemoryStore(): MemoryStore {
  const rows: ChangeRow[] = []
  const listeners = new Set<(committed: Committed) => void>()
  const visitors = new Map<string, { readonly number: number; seq: number }>()
  const places = new Map<number, RelayPlaceRow>()
  const notes = new Map<string, unknown>()
  const dead: DeadRow[] = []
  const sent: SentRow[] = []
  let position = 0
  let mark = 0
  let losing = false
  let saves = 0

  function commit(globalVisitID: string, changes: readonly NewChange[]): readonly ChangeRow[] {
    const visitor = visitors.get(globalVisitID) ?? { number: visitors.size + 1, seq: 0 }
    visitors.set(globalVisitID, visitor)
    position++
    visitor.seq++
    const { number, seq } = visitor
    const at = FIRST_AT + position
    const made = changes.map(({ kind, name, data = {} }, index) => ({
      ...{ position, n: index + 1, number, globalVisitID, seq, at, kind, name, data },
    }))
    rows.push(...made)
    for (const listener of listeners) listener({ changes: made, visits: [] })
    return made
  }

  return {
    commit,
    rows: () => rows,
    saves: () => saves,
    loseSaves: (lose) => {
      losing = lose
    },
    onCommitted(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    changes({ from = 0, to = Number.POSITIVE_INFINITY, limit }) {
      const found = rows.filter((row) => row.position >= from && row.position <= to)
      const last = found[limit - 1]?.position ?? Number.POSITIVE_INFINITY
      return found.filter((row) => row.position <= last)
    },
    lastPosition: () => position,
    relayMark: () => mark,
    relayPlaces: () => [...places.values()],
    async saveRelay(newMark, newPlaces, newSent = []) {
      if (losing) return
      sent.push(...newSent)
      saves++
      mark = newMark
      for (const place of newPlaces) {
        if (place.position === 0) places.delete(place.number)
        else places.set(place.number, place)
      }
    },
    sentOf: ({ identityId, isTheirs = () => false }) => ({
      found: sent.filter(
        ({ identityIds, messageId }) =>
          (identityId !== null && identityIds.includes(identityId)) || isTheirs(messageId),
      ),
      next: null,
    }),
    dead: ({ from = 0 }) => dead.filter(({ change }) => change.position >= from),
    async putDead(newDead) {
      for (const row of newDead) {
        const index = dead.findIndex(({ change }) => change === row.change)
        dead.splice(index < 0 ? dead.length : index, 1, row)
      }
    },
    note: (name) => notes.get(name) ?? null,
    async saveNote(name, value) {
      notes.set(name, value)
    },
  }
}
