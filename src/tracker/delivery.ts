/** Brings events to the server: the queue, its shelf and the socket, working together (T3, T4). */
import type { WireEvent } from '../../protocol/events.ts'
import type { Ack, Hello, NotifiedOutcome, Notify, ServerMessage, Welcome } from '../../protocol/messages.ts'
import { BAD_FRAME, FRAME_TOO_LARGE } from './closing.ts'
import { makeConnection } from './connection.ts'
import type { Guard } from './guard.ts'
import type { ConnectionStatus, FreshProof, IdentityStatus, TrackerConfig } from './interface.ts'
import { filter, map, toText } from './own.ts'
import { makeQueue, QUEUE_BOUNDS } from './queue.ts'
import type { Shelf, Shelved } from './shelf.ts'
import type { Who } from './who.ts'

export interface DeliveryOptions {
  readonly config: TrackerConfig
  readonly who: Who
  readonly shelf: Shelf
  readonly guard: Guard
  /** Before events leave: what they say can still be completed. */
  readonly onFlush: () => void
  /** The hello's fields as they are now. */
  readonly introduce: () => Hello
  /** Before a hello: another tab may have become somebody else. */
  readonly onHello: () => void
  /** 4503: true where it starts again as somebody new. */
  readonly onUnauthorized: () => boolean
  /** The server says that this visitor withdrew consent, in another tab or elsewhere. */
  readonly onWithdrawn: () => void
  /** Hands a notification to the page. */
  readonly onNotify: (message: Notify) => NotifiedOutcome
  readonly onStatus: (status: ConnectionStatus) => void
  readonly onIdentity: (status: IdentityStatus) => void
  readonly askProof: (event: WireEvent) => Promise<FreshProof | undefined>
  readonly loadHttp: () => undefined
  readonly log: (...what: unknown[]) => void
}

export interface Delivery {
  add(event: WireEvent): void
  /** The first page, or a page back from the browser's cache: takes over what lies about, and connects. */
  start(): void
  /** pagehide: the rest goes by beacon, the socket closes. */
  leave(): void
  /** All that waits belongs to this visit now; `started` goes before it. */
  restamp(visitID: string, started?: WireEvent): void
  waits(eventID: string): boolean
  dropped(): number
  /** Drops what waits, keeps nothing any more, brings this last event (null: none) and stops. */
  finish(last: WireEvent | null): void
}

/** Events of one moment travel together. */
export const FLUSH_MS = 50
/** What a message holds beside its events, at most. */
const ENVELOPE_BYTES = 512
const BEACON_BYTES = 64 * 1024
/** A tab that closed may still hold its lock for a moment. */
const TAKE_OVER_MS = 500

type Limits = Pick<Welcome['limits'], 'batchEvents' | 'frameBytes' | 'inFlight'>

export function makeDelivery(options: DeliveryOptions): Delivery {
  const { config, who, shelf, guard, log } = options
  const url = `${config.endpoint}/track`
  const queue = makeQueue(QUEUE_BOUNDS)
  /** Events of each batch that is not acknowledged. */
  const inFlight = new Map<number, number>()
  const asked = new Set<string>()
  let limits: Limits = { batchEvents: 100, frameBytes: BEACON_BYTES, inFlight: 16 }
  let batchMax = limits.batchEvents
  let lastBatch = 0
  let timer: ReturnType<typeof setTimeout> | undefined
  let away = false
  let finishing = false

  const connection = makeConnection({
    url,
    guard,
    hello() {
      options.onHello()
      return options.introduce()
    },
    onMessage,
    onLost,
    onUnauthorized: () => !finishing && options.onUnauthorized(),
    onState(state) {
      if (state === 'open') takeOver().then(guard(flush))
      options.onStatus({ state, queued: queue.events().length, dropped: queue.dropped() })
    },
    loadHttp: options.loadHttp,
    isOwed: () => inFlight.size > 0,
  })

  function onMessage(message: ServerMessage): void {
    log('received', message)
    if (message.type === 'welcome') {
      limits = message.limits
      options.onIdentity({ state: message.state })
    } else if (message.type === 'ack') onAck(message)
    else if (message.type === 'identity') options.onIdentity(message)
    else if (message.type === 'notify')
      connection.send({ type: 'notified', id: message.id, outcome: options.onNotify(message) })
    else if (message.type === 'visit' && !finishing) {
      if (message.visitID) who.adopt(message.visitID)
      if (message.reason === 'withdrawn') options.onWithdrawn()
    }
  }

  function onAck({ id, rejected, visitID }: Ack): void {
    const settled = queue.settle(id)
    inFlight.delete(id)
    for (const { eventID } of settled) shelf.forgetProof(eventID)
    if (finishing) {
      if (queue.events().length === 0) connection.end('stopped')
      else flush()
      return
    }
    if (visitID) who.adopt(visitID)
    for (const { eventID, code } of rejected) {
      const [event] = filter(settled, (candidate) => candidate.eventID === eventID)
      if (code === 'identity_unproven' && event) proveAgain(event)
      if (code === 'withdrawn') options.onWithdrawn()
    }
    changed()
  }

  /** A proof that ran out, or that a closed tab took along: the page makes another, once. */
  function proveAgain(event: WireEvent): void {
    if (asked.has(event.eventID)) return
    asked.add(event.eventID)
    options
      .askProof(event)
      .then((fresh) => fresh && add({ ...event, data: { ...event.data, ...fresh } }))
      .catch(log)
  }

  function onLost(code: number): void {
    const [first] = inFlight.keys()
    const largest = Math.max(0, ...inFlight.values())
    if (code === FRAME_TOO_LARGE && largest > 1) batchMax = largest >> 1
    // One event that is refused alone, or a frame that is no message: sent again it would be refused again.
    else if (code === FRAME_TOO_LARGE && first) queue.dropped(queue.settle(first).length)
    else if (code === BAD_FRAME) for (const id of inFlight.keys()) queue.dropped(queue.settle(id).length)
    queue.unsend()
    inFlight.clear()
    lastBatch = 0
    keep()
  }

  function flush(): void {
    options.onFlush()
    const fit = {
      events: Math.min(batchMax, limits.batchEvents),
      bytes: limits.frameBytes - ENVELOPE_BYTES,
    }
    while (connection.state() === 'open' && inFlight.size < limits.inFlight) {
      const events = queue.take(lastBatch + 1, fit)
      if (events.length === 0) return
      inFlight.set(++lastBatch, events.length)
      connection.send({ type: 'events', id: lastBatch, sentAt: Date.now(), events })
      log('sent', events)
    }
  }

  function keep(): void {
    if (finishing) return
    shelf.keep({
      globalVisitID: who.pair().globalVisitID,
      touchedAt: away ? 0 : Date.now(),
      dropped: queue.dropped(),
      events: queue.events(),
    })
  }

  function changed(): void {
    if (away) keep()
    else if (!timer) timer = setTimeout(guard(settleDown), FLUSH_MS)
  }

  function settleDown(): void {
    timer = undefined
    keep()
    flush()
  }

  function add(event: WireEvent): void {
    // Nobody would ever take it: a server that refuses this site, or a visitor who is nobody twice.
    if (connection.state() === 'stopped') return
    queue.add(event)
    changed()
  }

  /** Whatever comes of it: where nothing can be taken over, there is still this page's own. */
  async function takeOver(): Promise<void> {
    if (!away && !finishing) await shelf.takeOver(receive).catch(log)
  }

  function receive({ globalVisitID, events, dropped }: Shelved): void {
    const visitID = globalVisitID === who.pair().globalVisitID ? null : who.visitID()
    queue.addEarlier(visitID ? map(events, (event) => ({ ...event, visitID })) : events)
    queue.dropped(dropped)
    keep()
    changed()
  }

  /** The oldest that fit: what does not waits for the next page. `final` says that the page is left (V13). */
  function beacon(final: boolean): void {
    const events = queue.oldest({ events: limits.batchEvents, bytes: BEACON_BYTES - ENVELOPE_BYTES })
    if (events[0]) navigator.sendBeacon(url, toText({ ...options.introduce(), events, final }))
  }

  addEventListener(
    'storage',
    // A queue whose tab has gone.
    guard(({ newValue }: StorageEvent) => {
      if (String(newValue).includes('"touchedAt":0,'))
        setTimeout(takeOver, TAKE_OVER_MS * (1 + Math.random()))
    }),
  )

  return {
    add,
    start() {
      away = false
      if (finishing) return
      shelf.hold()
      takeOver()
      connection.connect()
    },
    leave() {
      away = true
      keep()
      connection.end('closed')
      shelf.release()
      if (connection.state() !== 'stopped') beacon(!finishing)
    },
    restamp(visitID, started) {
      queue.restamp(visitID)
      if (started) queue.addEarlier([started])
      changed()
    },
    waits: (id) => filter(queue.events(), ({ eventID }) => eventID === id).length > 0,
    dropped: () => queue.dropped(),
    finish(last) {
      finishing = true
      queue.clear()
      shelf.release()
      if (last) {
        queue.add(last)
        flush()
      } else connection.end('stopped')
    },
  }
}
