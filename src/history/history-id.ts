/** An event's historyId: a UUIDv8 that holds where the event lies, so that it needs no index (E7). */

/** Visitor numbers and seqs that fit: 48 bits each. */
const NUMBER_MAX = 2 ** 48 - 1

export interface EventPlace {
  readonly number: number
  readonly seq: number
}

/** The id of entry `seq` of visitor `number`. Both are checked: a number past 48 bits is a broken invariant. */
export function encodeHistoryId({ number, seq }: EventPlace): string {
  if (!fits(number) || !fits(seq)) throw new RangeError(`no historyId for entry ${seq} of visitor ${number}`)
  const visitor = number.toString(16).padStart(12, '0')
  const entry = seq.toString(16).padStart(12, '0')
  // xxxxxxxx-xxxx-8xxx-vxxx-xxxxxxxxxxxx: 48 bits of visitor, version 8, variant 10, 48 bits of seq.
  return `${visitor.slice(0, 8)}-${visitor.slice(8)}-8000-8000-${entry}`
}

/** Where the event lies, or null for what is no historyId of ours. */
export function decodeHistoryId(historyId: string): EventPlace | null {
  const match = /^([0-9a-f]{8})-([0-9a-f]{4})-8000-8000-([0-9a-f]{12})$/i.exec(historyId)
  if (match === null) return null
  const [, high = '', low = '', entry = ''] = match
  const place = { number: Number.parseInt(high + low, 16), seq: Number.parseInt(entry, 16) }
  return place.number > 0 && place.seq > 0 ? place : null
}

function fits(value: number): boolean {
  return Number.isSafeInteger(value) && value > 0 && value <= NUMBER_MAX
}
