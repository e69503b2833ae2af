/** The events that the server has not acknowledged yet: bounded, in order, each sent again until it is. */
import type { WireEvent } from '../../protocol/events.ts'
import { filter, map, toText } from './own.ts'

export interface QueueBounds {
  readonly events: number
  /** Bytes of all events as JSON. */
  readonly bytes: number
}

/** The default of `config.queueEvents`. */
export const QUEUE_EVENTS = 2_000
/** The default of `config.queueBytes`: a fifth of what localStorage holds, which the site shares. */
export const QUEUE_BYTES = 1024 * 1024

export interface Queue {
  /** Appends an event; may cost others their place. */
  add(event: WireEvent): void
  /** Whether these find a place without costing others theirs; where nothing waits, they are all there is. */
  hasRoom(events: readonly WireEvent[]): boolean
  /** Puts events of an earlier page before those that were not sent yet. */
  addEarlier(events: readonly WireEvent[]): void
  /** The next events to send, oldest first, marked as sent in `batch`; one that fits nowhere goes alone. */
  take(batch: number, fit: QueueBounds): readonly WireEvent[]
  /** The batch was acknowledged, or refused for good: its events leave. */
  settle(batch: number): readonly WireEvent[]
  /** The connection is gone: everything is to be sent again. */
  unsend(): void
  /** Every event now belongs to this visit: it was another visitor's before. */
  restamp(visitID: string): void
  waiting(): readonly WireEvent[]
  empty(): void
  /** How many events were given up; `more` adds to them. */
  giveUp(more?: number): number
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

  function isOver(held: readonly Item[]): boolean {
    let sum = 0
    for (const { bytes } of held) sum += bytes
    return sum > bounds.bytes || held.length > bounds.events
  }

  /** Gives up the oldest BUSINESS events first: a visit without its SYSTEM events is not told right. */
  function bound(): void {
    while (isOver(items)) {
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
    hasRoom: (events) => !items[0] || !isOver([...items, ...map(events, itemOf)]),
    addEarlier(events) {
      items = [...filter(items, (item) => item.batch), ...map(events, itemOf), ...filter(items, isWaiting)]
      bound()
    },
    take(batch, fit) {
      let bytesLeft = fit.bytes
      // One at least: a server that refuses it says so.
      const taken = filter(filter(items, isWaiting), (item, index) => {
        bytesLeft -= item.bytes
        return !index || (bytesLeft >= 0 && index < fit.events)
      })
      for (const item of taken) item.batch = batch
      return map(taken, eventOf)
    },
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
    waiting: () => map(items, eventOf),
    empty() {
      items = []
    },
    giveUp(more = 0) {
      dropped += more
      return dropped
    },
  }
}

const itemOf = (event: WireEvent): Item => ({
  event,
  bytes: new TextEncoder().encode(toText(event)).length + 1,
  batch: 0,
})
const eventOf = ({ event }: Item): WireEvent => event
const isWaiting = ({ batch }: Item): boolean => !batch
