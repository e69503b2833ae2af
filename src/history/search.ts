/** Finds a place in a list whose rows rise, by halving: streams have no index of times or positions. */

export interface Rising<Row> {
  /** Keys to search between, both included. */
  readonly low: number
  readonly high: number
  /** The first row at or after a key, with its own key; null = none. Keys may have gaps. */
  readonly firstFrom: (key: number) => { readonly key: number; readonly row: Row } | null
  /** False for all rows before a certain one, true from there on. */
  readonly holds: (row: Row) => boolean
}

export interface Found {
  /** Every row from this key on holds, none before it does; `high + 1` where none holds. */
  readonly key: number
  /** Rows looked at. */
  readonly looked: number
}

export function findFirst<Row>({ low, high, firstFrom, holds }: Rising<Row>): Found {
  const last = firstFrom(high)
  let looked = 1
  // What lies wholly before the place is the most common question: one look answers it.
  if (last !== null && last.key <= high && !holds(last.row)) return { key: high + 1, looked }
  let from = low
  let to = high + 1
  while (from < to) {
    const middle = Math.floor((from + to) / 2)
    const probe = firstFrom(middle)
    looked++
    if (probe === null || probe.key >= to || holds(probe.row)) to = middle
    else from = probe.key + 1
  }
  return { key: from, looked }
}
