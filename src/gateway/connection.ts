/** One socket as the gateway knows it: what it is, where it stands, what of it waits. Kept small: most are idle. */
import type { Codec } from '../../protocol/codec.ts'
import type { ClientMessage } from '../../protocol/messages.ts'
import type { Recorded } from '../visitors/contract.ts'
import type { Prepared } from './batches.ts'
import type { Present } from './presence.ts'
import type { UserAgent } from './user-agents.ts'

/** What of a `ws` socket is used; a test gives one of its own. */
export interface Socket {
  readonly bufferedAmount: number
  send(data: string | Uint8Array): void
  ping(): void
  pause(): void
  resume(): void
  close(code: number, reason: string): void
  terminate(): void
}

/** The stream below the socket: what is sent in one turn leaves in one write. */
export interface Cork {
  cork(): void
  uncork(): void
}

/** What is known of a connection before it says anything. */
export interface About {
  readonly socket: Socket
  readonly cork: Cork
  readonly codec: Codec
  readonly address: string
  readonly userAgent: UserAgent
}

/**
 * greeting: waits for hello. admitting: the store is asked for its token. verifying: a JWT is checked, what comes
 * behind waits. closed: nothing is sent or taken any more.
 */
export type ConnectionState = 'greeting' | 'admitting' | 'open' | 'verifying' | 'closed'

/** A batch that was recorded and is not acknowledged yet. */
export interface Batch {
  readonly id: number
  readonly prepared: Prepared
  /** In uptime. */
  readonly takenAt: number
  /** What the visitors answered; null = not yet. */
  recorded: Recorded | null
}

/** What was read and may not be taken yet; while there is some, the socket is not read. */
export interface Stalled {
  message: ClientMessage
  /** Read with it, behind it. */
  readonly frames: Uint8Array[]
  /** What it waits for is the bucket. */
  forRate: boolean
}

export interface Connection extends About {
  state: ConnectionState
  /** Empty until it is admitted. */
  globalVisitID: string
  present: Present | null
  /** V4: the visit in which this socket counts, or null. */
  countsFor: string | null
  /** Closed with 1001 or 4001: no departure (V4). */
  closedByServer: boolean
  languageCode: string | undefined
  /** The `id` of the last batch. */
  lastId: number
  /** In flight, oldest first. */
  readonly batches: Batch[]
  stalled: Stalled | null
  corked: boolean
  /** All below in ms of uptime; 0 = not. */
  fullAt: number
  overSince: number
  heardAt: number
  pingedAt: number
}

/** A connection that has said nothing yet. */
export function newConnection({ socket, cork, codec, address, userAgent }: About, now: number): Connection {
  return {
    socket,
    cork,
    codec,
    address,
    userAgent,
    state: 'greeting',
    globalVisitID: '',
    present: null,
    countsFor: null,
    closedByServer: false,
    languageCode: undefined,
    lastId: -1,
    batches: [],
    stalled: null,
    corked: false,
    fullAt: 0,
    overSince: 0,
    heardAt: now,
    pingedAt: 0,
  }
}

/** Asked by a call, because the state may have changed in a call before. */
export function isClosed(connection: Connection): boolean {
  return connection.state === 'closed'
}

/** How many events it counts for in the bucket: a message of another kind weighs as one. */
export function weightOf(message: ClientMessage): number {
  return message.type === 'events' ? message.events.length : 1
}
