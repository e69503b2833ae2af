/** What the relay needs of a message bus with a stream; `nats.ts` is the real one. */

/** One message as it goes out. `messageId` is what the stream knows a repetition by. */
export interface OutgoingMessage {
  readonly subject: string
  readonly messageId: string
  readonly contentType: string
  readonly bytes: Uint8Array
}

/** The stream's answer: its sequence number for the message. Only a `seq` above 0 means that it is stored. */
export interface PublishAck {
  readonly seq: number
  readonly duplicate: boolean
}

export interface StoredMessage {
  readonly messageId: string
  readonly bytes: Uint8Array
}

/** The stream that is wanted: names as NATS spells them, times in ms. */
export interface WantedStream {
  readonly name: string
  readonly subjects: readonly string[]
  readonly replicas: number
  readonly maxAgeMs: number
  /** 0 = no limit. */
  readonly maxBytes: number
  readonly duplicateWindowMs: number
}

/** What was found where the stream should be. `differences`: what is otherwise than asked, one sentence each. */
export type StreamFinding =
  | { readonly is: 'ready'; readonly created: boolean; readonly differences: readonly string[] }
  | { readonly is: 'missing' }
  | { readonly is: 'noJetStream' }

export interface Bus {
  readonly isConnected: () => boolean
  /** Listens to the connection; told at once how it is. Returns the function that stops listening. */
  readonly onConnection: (listener: (connected: boolean) => void) => () => void
  /** Rejects with `BusError`; it never waits longer than a few seconds, and keeps nothing for later. */
  readonly publish: (message: OutgoingMessage) => Promise<PublishAck>
  /** The last message that the stream holds on exactly this subject, or null. Rejects with `BusError`. */
  readonly lastOn: (subject: string) => Promise<StoredMessage | null>
  /** Looks for the stream; makes a missing one where `mayCreate`. Rejects with `BusError`. */
  readonly ensureStream: (wanted: WantedStream, mayCreate: boolean) => Promise<StreamFinding>
  /** Resolves when nothing of it is left open. */
  readonly close: () => Promise<void>
}

/**
 * Why the bus did not do it. `unanswered`: it may have been done, nobody knows; `noStream`: nobody keeps this subject;
 * `refused`: it said no.
 */
export type BusErrorKind = 'unanswered' | 'noStream' | 'refused'

export class BusError extends Error {
  override readonly name = 'BusError'
  readonly kind: BusErrorKind

  constructor(kind: BusErrorKind, message: string, options?: ErrorOptions) {
    super(message, options)
    this.kind = kind
  }
}
