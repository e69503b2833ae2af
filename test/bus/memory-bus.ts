/** A bus in memory whose answers the test decides: what arrives, what is acknowledged, what fails. */
import {
  type Bus,
  BusError,
  type OutgoingMessage,
  type PublishAck,
  type StreamFinding,
} from '../../src/bus/bus.ts'

export interface MemoryBus extends Bus {
  /** What the stream holds, in order; a message id only once. */
  readonly stored: readonly OutgoingMessage[]
  /** Every attempt to publish, in order. */
  readonly attempts: readonly OutgoingMessage[]
  /** How often it was asked for the last message of a subject. */
  readonly questions: () => number
  readonly inFlightMost: () => number
  /** What becomes of the next attempts; `store` is what happens otherwise. */
  answer: (message: OutgoingMessage) => Answer | Promise<Answer>
  finding: StreamFinding
  readonly setConnected: (connected: boolean) => void
}

/** `lost`: stored, but nobody hears of it; `phantom`: called a duplicate, and not stored. */
export type Answer = 'store' | 'lost' | 'unanswered' | 'refused' | 'noStream' | 'phantom'

export function createMemoryBus(): MemoryBus {
  const stored: OutgoingMessage[] = []
  const attempts: OutgoingMessage[] = []
  const listeners = new Set<(connected: boolean) => void>()
  let connected = true
  let questions = 0
  let inFlight = 0
  let inFlightMost = 0

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
      case 'noStream':
        throw new BusError(answer, `the test says ${answer}`)
    }
  }

  const bus: MemoryBus = {
    stored,
    attempts,
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
    async lastOn(subject) {
      questions++
      return stored.findLast((message) => message.subject === subject) ?? null
    },
    ensureStream: async () => bus.finding,
    close: async () => undefined,
  }
  return bus
}
