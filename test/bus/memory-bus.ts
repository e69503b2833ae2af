/** A bus in memory whose answers the test decides: what arrives, what is acknowledged, what fails. */
import {
  type Bus,
  BusError,
  type OutgoingMessage,
  type OutgoingRequest,
  type PublishAck,
  type RequestService,
  type StreamFinding,
} from '../../src/bus/bus.ts'

export interface MemoryBus extends Bus {
  /** What the stream holds, in order; a message id only once. */
  readonly stored: readonly OutgoingMessage[]
  /** Places in `stored`, from 1, of the messages that were deleted. */
  readonly deleted: ReadonlySet<number>
  /** Every attempt to publish, in order. */
  readonly attempts: readonly OutgoingMessage[]
  /** How often it was asked for the last message of a subject. */
  readonly questions: () => number
  readonly inFlightMost: () => number
  /** What becomes of the next attempts; `store` is what happens otherwise. */
  answer: (message: OutgoingMessage) => Answer | Promise<Answer>
  finding: StreamFinding
  /** What was sent without a stream, in order. */
  readonly sent: readonly OutgoingMessage[]
  /** What a request is answered with. */
  answerRequest: (request: OutgoingRequest) => Promise<Uint8Array>
  /** The service that is served now, or null. */
  readonly served: () => RequestService | null
  readonly setConnected: (connected: boolean) => void
}

/** `lost`: stored, but nobody hears of it; `phantom`: called a duplicate, and not stored. */
export type Answer = 'store' | 'lost' | 'unanswered' | 'refused' | 'refusedForGood' | 'noStream' | 'phantom'

export function createMemoryBus(): MemoryBus {
  const stored: OutgoingMessage[] = []
  const deleted = new Set<number>()
  const attempts: OutgoingMessage[] = []
  const sent: OutgoingMessage[] = []
  const listeners = new Set<(connected: boolean) => void>()
  let connected = true
  let served: RequestService | null = null
  let questions = 0
  let inFlight = 0
  let inFlightMost = 0

  const isHeld = (index: number): boolean => !deleted.has(index + 1)

  /** A repetition is one also where the message was deleted. */
  function store(message: OutgoingMessage): PublishAck {
    const index = stored.findIndex(({ messageId }) => messageId === message.messageId)
    if (index >= 0) return { seq: index + 1, duplicate: true }
    return { seq: stored.push(message), duplicate: false }
  }

  function settle(message: OutgoingMessage, answer: Answer): PublishAck {
    switch (answer) {
      case 'store':
        return store(message)
      case 'phantom':
        return { seq: 0, duplicate: true }
      case 'lost':
        store(message)
        throw new BusError('unanswered', 'no answer')
      case 'unanswered':
      case 'refused':
      case 'refusedForGood':
      case 'noStream':
        throw new BusError(answer, `the test says ${answer}`)
    }
  }

  const bus: MemoryBus = {
    stored,
    deleted,
    attempts,
    sent,
    questions: () => questions,
    inFlightMost: () => inFlightMost,
    answer: () => 'store',
    finding: { is: 'ready', created: false, differences: [] },
    setConnected(now) {
      connected = now
      for (const listener of listeners) listener(now)
    },
    isConnected: () => connected,
    onConnection(listener) {
      listeners.add(listener)
      listener(connected)
      return () => listeners.delete(listener)
    },
    async publish(message) {
      attempts.push(message)
      inFlightMost = Math.max(inFlightMost, ++inFlight)
      try {
        return settle(message, await bus.answer(message))
      } finally {
        inFlight--
      }
    },
    async send(message) {
      attempts.push(message)
      const answer = await bus.answer(message)
      if (answer === 'lost' || answer === 'store') sent.push(message)
      if (answer !== 'store') settle(message, answer === 'lost' ? 'unanswered' : answer)
    },
    async lastOn(subject) {
      questions++
      const index = stored.findLastIndex((message, at) => message.subject === subject && isHeld(at))
      const message = stored[index]
      return message === undefined ? null : { ...message, seq: index + 1 }
    },
    async sequenceOf({ messageId }) {
      const index = stored.findIndex((message, at) => message.messageId === messageId && isHeld(at))
      return index < 0 ? null : index + 1
    },
    ensureStream: async () => bus.finding,
    async deleteMessages(messages) {
      if (!connected) throw new BusError('unanswered', 'nobody is there')
      const theirs = messages.filter(
        ({ seq, messageId }) => isHeld(seq - 1) && stored[seq - 1]?.messageId === messageId,
      )
      for (const { seq } of theirs) deleted.add(seq)
      return theirs.length
    },
    answerRequest: async () => new Uint8Array(),
    request: (request) => bus.answerRequest(request),
    served: () => served,
    serve(service) {
      served = service
      return async () => {
        served = null
      }
    },
    close: async () => undefined,
  }
  return bus
}
