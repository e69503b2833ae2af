/** Lists of the store one row after another, read part by part: memory does not grow with the folder. */
import type { Span, Store } from '../../store/contract.ts'
import type { CommitRow, ContactRow, IdentityRow, StoredEntry, VisitorRow } from '../../store/rows.ts'

/** Rows read at a time. */
const STRIDE = 500

/** All rows of a list, in order; `place` is where a row stands in it. */
export function* rowsOf<R>(read: (span: Span) => R[], place: (row: R) => number, from = 0): Generator<R> {
  for (let next = from; ; ) {
    const rows = read({ from: next, limit: STRIDE })
    yield* rows
    const last = rows.at(-1)
    if (last === undefined) return
    next = place(last) + 1
  }
}

export function visitorsOf(store: Pick<Store, 'visitors'>): Generator<VisitorRow> {
  return rowsOf(store.visitors, ({ number }) => number)
}

/** A visitor's entries, from the first that is there or from `seq` on. */
export function entriesOf(store: Pick<Store, 'entries'>, number: number, seq = 0): Generator<StoredEntry> {
  return rowsOf(
    (span) => store.entries(number, span),
    (stored) => stored.seq,
    seq,
  )
}

export function identitiesOf(store: Store): Generator<IdentityRow> {
  return rowsOf(store.identities, ({ identity }) => identity)
}

export function commitsOf(store: Store): Generator<CommitRow> {
  return rowsOf(store.commits, ({ position, stretches }) => {
    // The list also gives the commit that holds a place: the next one begins behind this one's last position.
    return (
      position +
      Math.max(
        1,
        stretches.reduce((sum, { count }) => sum + count, 0),
      ) -
      1
    )
  })
}

/** Contact rows of one position are read together, however many. */
export function* contactsOf(read: (span: Span) => ContactRow[]): Generator<ContactRow> {
  for (let from = 0; ; ) {
    const rows = read({ from, limit: STRIDE })
    const last = rows.at(-1)
    if (last === undefined) return
    const isWhole = rows.length < STRIDE || rows[0]?.position === last.position
    const taken = isWhole ? rows : rows.filter(({ position }) => position !== last.position)
    yield* taken
    if (rows.length < STRIDE) return
    from = isWhole ? last.position + 1 : last.position
  }
}
