/** Brings events to the server: the queue, its shelf and the socket, working together (T3, T4). */
import type { WireEvent } from '../../protocol/events.ts'
import type { Ack, Hello, NotifiedOutcome, Notify, ServerMessage, Welcome } from '../../protocol/messages.ts'
import { BAD_FRAME, FRAME_TOO_LARGE } from './closing.ts'
import { makeConnection } from './connection.ts'
import type { Guard } from './guard.ts'
import type { ConnectionStatus, FreshProof, IdentityStatus, TrackerConfig } from './interface.ts'
import { filter, map, toText } from './own.ts'
import { makeQueue, QUEUE_BYTES, QUEUE_EVENTS, type QueueBounds } from './queue.ts'
import type { Shelf, Shelved } from './shelf.ts'
import type { Who } from './who.ts'

export interface DeliveryOptions {
  readonly config: TrackerConfig
  readonly who: Who
  readonly shelf: Shelf
  readonly guard: Guard
  /** Before events leave: what they say can still be completed. */
  readonly onFlush: () => void
  /** The hello's fields as they are now; without `isLeaving` another tab may have become somebody else before. */
  readonly introduce: (isLeaving?: boolean) => Hello
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
  put(event: WireEvent): void
  /** The first page, or a page back from the browser's cache: takes over what lies about, and connects. */
  start(): void
  /** pagehide: the rest goes by beacon, the socket closes. */
  leave(): void
  /** All that waits belongs to this visit now; `started` goes before it. */
  restamp(visitID: string, started?: WireEvent): void
  waits(eventID: string): boolean
  lossCount(): number
  /** Drops what waits, keeps nothing any more, brings this last event (null: none) and stops. */
  finish(last: WireEvent | null): void
}

/** Events of one moment travel together. */
export const FLUSH_MS = 50
/** What a message holds beside its events, at most. */
const ENVELOPE_BYTES = 512
const FRAME_BYTES = 64 * 1024
/** How often queues are looked for whose tabs have gone; a hidden tab's timers run once a minute. */
const LOOK_MS = 10_000

type Limits = Pick<Welcome['limits'], 'batchEvents' | 'frameBytes' | 'inFlight'>

export function makeDelivery(options: DeliveryOptions): Delivery {
  const { config, who, shelf, guard, log } = options
  const url = `${config.endpoint}/track`
  const queue = makeQueue({
    events: config.queueEvents || QUEUE_EVENTS,
    bytes: config.queueBytes || QUEUE_BYTES,
  })
  /** Events of each batch that is not acknowledged. */
  const inFlight = new Map<number, number>()
  const asked = new Set<string>()
  let limits: Limits = { batchEvents: 100, frameBytes: FRAME_BYTES, inFlight: 16 }
  let batchMax = limits.batchEvents
  let timer: ReturnType<typeof setTimeout> | undefined
  let lastBatch = 0
  /** The batch that the server refused, before it closes. */
  let refused: number | undefined
  let away = false
  let finishing = false

  const connection = makeConnection({
    ...options,
    url,
    onMessage,
    onLost,
    onState(state) {
      if (state === 'open') takeOver().then(guard(flush))
      options.onStatus({ state, queued: queue.waiting().length, dropped: queue.giveUp() })
    },
    isOwed: () => inFlight.size > 0,
  })

  function onMessage(message: ServerMessage): void {
    log('received', message)
    if (message.type === 'welcome') {
      limits = message.limits
      options.onIdentity({ state: message.state })
    } else if (message.type === 'ack') onAck(message)
    else if (message.type === 'error') refused = message.id
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
      if (queue.waiting()[0]) flush()
      else connection.end('stopped')
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
      .then((fresh) => fresh && put({ ...event, data: { ...event.data, ...fresh } }))
      .catch(log)
  }

  function onLost(code: number): void {
    // Where nothing is in flight, no batch is meant.
    const [first = NaN] = inFlight.keys()
    const isTooLarge = code === FRAME_TOO_LARGE
    if (isTooLarge) batchMax = Math.max(...inFlight.values()) >> 1
    // One event that is refused alone, or a frame that is no message: sent again it would be refused again.
    if (code === BAD_FRAME || (isTooLarge && !batchMax)) queue.giveUp(queue.settle(refused || first).length)
    refused = undefined
    unsend()
    keep()
  }

  function unsend(): void {
    queue.unsend()
    inFlight.clear()
    lastBatch = 0
  }

  const fit = (): QueueBounds => ({
    events: Math.min(batchMax, limits.batchEvents),
    bytes: limits.frameBytes - ENVELOPE_BYTES,
  })

  function flush(): void {
    options.onFlush()
    while (connection.stateNow() === 'open' && inFlight.size < limits.inFlight) {
      const events = queue.take(lastBatch + 1, fit())
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
      dropped: queue.giveUp(),
      events: queue.waiting(),
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

  function put(event: WireEvent): void {
    // Nobody would ever take it: a server that refuses this site, or a visitor who is nobody twice.
    if (connection.stateNow() === 'stopped') return
    queue.add(event)
    changed()
  }

  /** By a page that can bring it. Whatever comes of it: where nothing can be had, there is still its own. */
  async function takeOver(): Promise<void> {
    if (connection.stateNow() === 'open' && !finishing) await shelf.takeOver(receive).catch(log)
  }

  function receive({ globalVisitID, events, dropped }: Shelved): boolean {
    const hasRoom = queue.hasRoom(events)
    if (hasRoom) {
      const visitID = globalVisitID === who.pair().globalVisitID ? null : who.visitID()
      queue.addEarlier(visitID ? map(events, (event) => ({ ...event, visitID })) : events)
      queue.giveUp(dropped)
      keep()
      changed()
    }
    return hasRoom
  }

  /**
   * The oldest first, as many as the browser takes: Chromium has 64 KiB on their way at most. All of it, taken or
   * not, is kept for the next page too. `final` says that the page is left (V13).
   */
  function sendBeacons(final: boolean): void {
    unsend()
    for (;;) {
      const events = queue.take(1, fit())
      if (!events[0] || !navigator.sendBeacon(url, toText({ ...options.introduce(true), events, final })))
        break
    }
  }

  // A tab that crashes says nothing. Where there are no Web Locks, this one's queue is seen to be alive.
  setInterval(
    guard(() => {
      keep()
      takeOver()
    }),
    LOOK_MS,
  )

  return {
    put,
    start() {
      away = false
      if (finishing) return
      // Back from the browser's cache: what went by beacon may not have come.
      unsend()
      shelf.hold()
      connection.connect()
    },
    leave() {
      away = true
      keep()
      connection.end('closed')
      shelf.release()
      if (connection.stateNow() !== 'stopped') sendBeacons(!finishing)
    },
    restamp(visitID, started) {
      queue.restamp(visitID)
      if (started) queue.addEarlier([started])
      changed()
    },
    waits: (id) => filter(queue.waiting(), ({ eventID }) => eventID === id).length > 0,
    lossCount: () => queue.giveUp(),
    finish(last) {
      finishing = true
      queue.empty()
      shelf.release()
      if (last) {
        queue.add(last)
        flush()
      } else connection.end('stopped')
    },
  }
}
