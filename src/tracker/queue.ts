/** The events that the server has not acknowledged yet: bounded, in order, each sent again until it is. */
import type { WireEvent } from '../../protocol/events.ts'

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
      const waiting = items.filter((item) => item.batch === 0)
      const given = waiting.find((item) => item.event.eventType === 'BUSINESS') || waiting[0] || items[0]
      items = items.filter((item) => item !== given)
      dropped++
    }
  }

  return {
    add(event) {
      items.push(itemOf(event))
      bound()
    },
    addEarlier(events) {
      const at = items.findIndex((item) => item.batch === 0)
      items.splice(at < 0 ? items.length : at, 0, ...events.map(itemOf))
      bound()
    },
    take(batch, fit) {
      const fitting = items.filter((item) => item.batch !== 0 || item.bytes <= fit.bytes)
      dropped += items.length - fitting.length
      items = fitting
      const taken = fill(
        items.filter((item) => item.batch === 0),
        fit,
      )
      for (const item of taken) item.batch = batch
      return taken.map((item) => item.event)
    },
    oldest: (fit) => fill(items, fit).map((item) => item.event),
    settle(batch) {
      const settled = items.filter((item) => item.batch === batch)
      items = items.filter((item) => item.batch !== batch)
      return settled.map((item) => item.event)
    },
    unsend() {
      for (const item of items) item.batch = 0
    },
    restamp(visitID) {
      items = items.map((item) => ({ ...item, event: { ...item.event, visitID } }))
    },
    events: () => items.map((item) => item.event),
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
  return { event, bytes: new TextEncoder().encode(JSON.stringify(event)).length + 1, batch: 0 }
}

const bytesOf = (items: readonly Item[]): number => items.reduce((sum, item) => sum + item.bytes, 0)

/** The first items, as many as fit. */
function fill(items: readonly Item[], fit: QueueBounds): readonly Item[] {
  let bytes = 0
  const end = items.findIndex((item, count) => {
    bytes += item.bytes
    return count >= fit.events || bytes > fit.bytes
  })
  return end < 0 ? items : items.slice(0, end)
}
