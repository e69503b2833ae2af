/** What this room needs of a message bus with a stream; `nats/` is the real one. */

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

/** A message's place in the stream, with its id: the number alone means another message in a stream made anew. */
export interface SentMessage {
  readonly seq: number
  readonly messageId: string
}

export interface StoredMessage extends SentMessage {
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
  /** To the stream. Rejects with `BusError`; it never waits longer than a few seconds, and keeps nothing for later. */
  readonly publish: (message: OutgoingMessage) => Promise<PublishAck>
  /**
   * To whoever listens now. Resolves when the server has it and the connection held until then (B3); rejects, like
   * `publish`, with `BusError`.
   */
  readonly send: (message: OutgoingMessage) => Promise<void>
  /** The last message that the stream holds on exactly this subject, or null. Rejects with `BusError`. */
  readonly lastOn: (subject: string) => Promise<StoredMessage | null>
  /** Where the stream holds this message, or null. Rejects with `BusError`. */
  readonly sequenceOf: (message: Pick<OutgoingMessage, 'subject' | 'messageId'>) => Promise<number | null>
  /** Looks for the stream; makes a missing one where `mayCreate`. Rejects with `BusError`. */
  readonly ensureStream: (wanted: WantedStream, mayCreate: boolean) => Promise<StreamFinding>
  /**
   * Deletes these messages from the stream one by one, and overwrites them; those that are gone, or whose place another
   * message has, are left. Says how many it deleted. Rejects with `BusError`; what went before stays deleted.
   */
  readonly deleteMessages: (messages: readonly SentMessage[]) => Promise<number>
  /** The answer of whoever serves this subject. Rejects with `BusError`. */
  readonly request: (request: OutgoingRequest) => Promise<Uint8Array>
  /** Answers requests from now on, on every connection; the result stops it. */
  readonly serve: (service: RequestService) => () => Promise<void>
  /** Resolves when nothing of it is left open; once more does no harm. */
  readonly close: () => Promise<void>
}

export interface OutgoingRequest {
  readonly subject: string
  readonly bytes: Uint8Array
  /** How long the answer may take. */
  readonly answerMs: number
}

/** A service as NATS knows it: endpoint `get` of group `vestibule.visitor` answers on `vestibule.visitor.get`. */
export interface RequestService {
  readonly name: string
  /** Semantic: `1.2.3`. */
  readonly version: string
  readonly description: string
  readonly group: string
  readonly endpoints: readonly string[]
  /** Never rejects. */
  readonly answer: (endpoint: string, request: BusRequest) => Promise<BusReply>
}

export interface BusRequest {
  /** The header of this name. */
  readonly authorization: string | undefined
  readonly bytes: Uint8Array
}

export interface BusReply {
  /** As in HTTP; 400 and above is the service's error, and `title` says it in a few words. */
  readonly status: number
  readonly title: string
  readonly contentType: string
  readonly bytes: Uint8Array
}

/**
 * Why the bus did not do it. `unanswered`: it may have been done, nobody knows; `noStream`: nobody keeps this subject;
 * `refused`: it said no for now; `refusedForGood` (`publish` and `send` alone): it will say no to the same message again.
 */
export type BusErrorKind = 'unanswered' | 'noStream' | 'refused' | 'refusedForGood'

export class BusError extends Error {
  override readonly name = 'BusError'
  readonly kind: BusErrorKind

  constructor(kind: BusErrorKind, message: string, options?: ErrorOptions) {
    super(message, options)
    this.kind = kind
  }
}
