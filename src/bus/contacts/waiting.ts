/** Numbers that wait for something to be done about them: a bounded room, a few at once, tried again after failures. */

export interface WaitingRoomParts {
  /** In the room at once. */
  readonly most: number
  /** Being dealt with at once. */
  readonly atOnce: number
  /** The first wait after a failure; doubled each time. */
  readonly retryFirstMs: number
  readonly perform: (number: number) => Promise<void>
  /** `hasGivenUp`: it leaves the room undone. */
  readonly failed: (error: unknown, hasGivenUp: boolean) => void
  /** The room was full, turned some away, and is empty now. */
  readonly emptied: () => void
}

export interface WaitingRoom {
  /** False where there is no room; one that is in it already stays. */
  readonly add: (number: number) => boolean
  readonly count: () => number
  /** Ends when what was begun is done. */
  readonly close: () => Promise<void>
}

export const TRIES_MAX = 10
const RETRY_LAST_MS = 5 * 60_000

interface Guest {
  readonly number: number
  failures: number
}

export function createWaitingRoom(parts: WaitingRoomParts): WaitingRoom {
  const { most, atOnce, retryFirstMs, perform, failed, emptied } = parts
  const guests = new Map<number, Guest>()
  const ready = new Set<Guest>()
  const underWay = new Set<Promise<void>>()
  const timers = new Set<NodeJS.Timeout>()
  let hasTurnedAway = false
  let isClosed = false

  function begin(): void {
    for (const guest of ready) {
      if (isClosed || underWay.size >= atOnce) return
      ready.delete(guest)
      const dealing = deal(guest).finally(() => {
        underWay.delete(dealing)
        begin()
      })
      underWay.add(dealing)
    }
  }

  async function deal(guest: Guest): Promise<void> {
    try {
      await perform(guest.number)
      leave(guest)
    } catch (error) {
      guest.failures++
      const hasGivenUp = guest.failures >= TRIES_MAX
      if (hasGivenUp) leave(guest)
      else waitAWhile(guest)
      failed(error, hasGivenUp)
    }
  }

  function leave({ number }: Guest): void {
    guests.delete(number)
    if (guests.size > 0 || !hasTurnedAway || isClosed) return
    hasTurnedAway = false
    emptied()
  }

  function waitAWhile(guest: Guest): void {
    if (isClosed) return
    const ms = Math.min(RETRY_LAST_MS, retryFirstMs * 2 ** (guest.failures - 1))
    const timer = setTimeout(() => {
      timers.delete(timer)
      ready.add(guest)
      begin()
    }, ms).unref()
    timers.add(timer)
  }

  return {
    add(number) {
      if (guests.has(number)) return true
      if (guests.size >= most || isClosed) {
        hasTurnedAway = true
        return false
      }
      const guest = { number, failures: 0 }
      guests.set(number, guest)
      ready.add(guest)
      begin()
      return true
    },
    count: () => guests.size,
    async close() {
      isClosed = true
      for (const timer of timers) clearTimeout(timer)
      await Promise.all(underWay)
    },
  }
}
