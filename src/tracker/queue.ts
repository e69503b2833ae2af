/** The events that the server has not acknowledged yet: bounded, in order, each sent again until it is. */
import type { WireEvent } from '../../protocol/events.ts'
import { filter, map, toText } from './own.ts'

export interface QueueBounds {
  readonly events: number
  /** Bytes of all events as JSON. */
  readonly bytes: number
}

/** Half a MiB in localStorage's UTF-16, of the 5 MiB that it shares with the site. */
export const QUEUE_BOUNDS: QueueBounds = { events: 500, bytes: 256 * 1024 }

export interface Queue {
  /** Appends an event; may cost others their place. */
  add(event: WireEvent): void
  /** Puts events of an earlier page before those that were not sent yet. */
  addEarlier(events: readonly WireEvent[]): void
  /** The next events to send, oldest first, marked as sent in `batch`. Drops what can never fit. */
  take(batch: number, fit: QueueBounds): readonly WireEvent[]
  /** The oldest events, sent or not, that fit. */
  oldest(fit: QueueBounds): readonly WireEvent[]
  /** The batch was acknowledged, or refused for good: its events leave. */
  settle(batch: number): readonly WireEvent[]
  /** The connection is gone: everything is to be sent again. */
  unsend(): void
  /** Every event now belongs to this visit: it was another visitor's before. */
  restamp(visitID: string): void
  events(): readonly WireEvent[]
  clear(): void
  /** How many events were given up; `more` adds those of a queue that was taken over. */
  dropped(more?: number): number
}

interface Item {
  readonly event: WireEvent
  readonly bytes: number
  /** 0 = not sent over this connection. */
  batch: number
}

export function makeQueue(bounds: QueueBounds): Queue {
  let items: Item[] = []
  let dropped = 0

  /** Gives up the oldest BUSINESS events first: a visit without its SYSTEM events is not told right. */
  function bound(): void {
    while (items.length > bounds.events || bytesOf(items) > bounds.bytes) {
      const waiting = filter(items, isWaiting)
      const business = filter(waiting, (item) => item.event.eventType === 'BUSINESS')
      const [given] = [...business, ...waiting, ...items]
      items = filter(items, (item) => item !== given)
      dropped++
    }
  }

  return {
    add(event) {
      items = [...items, itemOf(event)]
      bound()
    },
    addEarlier(events) {
      items = [...filter(items, (item) => item.batch), ...map(events, itemOf), ...filter(items, isWaiting)]
      bound()
    },
    take(batch, fit) {
      const fitting = filter(items, (item) => item.batch || item.bytes <= fit.bytes)
      dropped += items.length - fitting.length
      items = fitting
      const taken = fill(filter(items, isWaiting), fit)
      for (const item of taken) item.batch = batch
      return map(taken, eventOf)
    },
    oldest: (fit) => map(fill(items, fit), eventOf),
    settle(batch) {
      const settled = filter(items, (item) => item.batch === batch)
      items = filter(items, (item) => item.batch !== batch)
      return map(settled, eventOf)
    },
    unsend() {
      for (const item of items) item.batch = 0
    },
    restamp(visitID) {
      items = map(items, (item) => ({ ...item, event: { ...item.event, visitID } }))
    },
    events: () => map(items, eventOf),
    clear() {
      items = []
    },
    dropped: (more = 0) => {
      dropped += more
      return dropped
    },
  }
}

function itemOf(event: WireEvent): Item {
  return { event, bytes: new TextEncoder().encode(toText(event)).length + 1, batch: 0 }
}

const eventOf = ({ event }: Item): WireEvent => event
const isWaiting = ({ batch }: Item): boolean => batch === 0

function bytesOf(items: readonly Item[]): number {
  let sum = 0
  for (const { bytes } of items) sum += bytes
  return sum
}

/** The first items, as many as fit. */
function fill(items: readonly Item[], { events, bytes }: QueueBounds): readonly Item[] {
  let eventsLeft = events
  let bytesLeft = bytes
  return filter(items, (item) => {
    bytesLeft -= item.bytes
    return bytesLeft >= 0 && eventsLeft-- > 0
  })
}
