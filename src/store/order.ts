// The order of eventIDs: a UUIDv7 begins with its time.

/** Times from here on (the year 2039) do not fit beside the 12 bits behind them. */
const MS_MAX = 2 ** 41

/**
 * Where an eventID stands among those that begin with their time: the ms of a UUIDv7 (RFC 9562) and the 12 bits that
 * come next, as one whole number; 0 for any other id. An id that is later than all that a visitor said is not one of them.
 */
export function orderOf(eventID: string): number {
  if (eventID.length !== 36 || eventID[14] !== '7') return 0
  const ms = Number.parseInt(eventID.slice(0, 8), 16) * 2 ** 16 + Number.parseInt(eventID.slice(9, 13), 16)
  const within = Number.parseInt(eventID.slice(15, 18), 16)
  return ms < MS_MAX && within >= 0 ? ms * 2 ** 12 + within : 0
}
