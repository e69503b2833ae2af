/** Publishing without JetStream: a message counts only if the connection held until a flush after it (B3). */
import { setTimeout as delay, setImmediate as nextTurn } from 'node:timers/promises'
import { headers, type NatsConnection } from 'nats'
import { BusError, type OutgoingMessage } from '../bus.ts'
import type { Connection } from './connection.ts'

/** What a message says of itself in its headers. `Nats-Msg-Id` too: a stream somebody else keeps drops repetitions by it. */
export function headersOf({ messageId, contentType }: Pick<OutgoingMessage, 'messageId' | 'contentType'>) {
  const header = headers()
  header.set('content-type', contentType)
  header.set('Nats-Msg-Id', messageId)
  return header
}

/** Sends over this connection. Rejects with `BusError`; a flush takes `answerMs` at most. */
export function createCoreSender(
  connection: Connection,
  answerMs: number,
): (message: OutgoingMessage) => Promise<void> {
  /** The subjects on their way, and whether the server has refused one: it says so before it answers the flush. */
  const underWay = new Map<string, { denied: boolean }>()
  let flushing: Promise<void> | null = null

  connection.onPublishDenied((subject) => {
    const sent = underWay.get(subject)
    if (sent !== undefined) sent.denied = true
  })

  /** One flush for all that is sent in this turn. */
  function flushed(nats: NatsConnection): Promise<void> {
    flushing ??= new Promise<void>((resolve, reject) => {
      setImmediate(() => {
        flushing = null
        flushWithin(nats, answerMs).then(resolve, reject)
      })
    })
    return flushing
  }

  return async (message) => {
    const nats = connection.current()
    const losses = connection.losses()
    const sent = { denied: false }
    underWay.set(message.subject, sent)
    try {
      nats.publish(message.subject, message.bytes, { headers: headersOf(message) })
      await flushed(nats)
      if (sent.denied) throw new BusError('refusedForGood', 'publish: the NATS account does not permit it')
      if (connection.losses() === losses && connection.isUp()) return
      throw new BusError('unanswered', 'publish: NATS went away before it was known to have it')
    } finally {
      underWay.delete(message.subject)
    }
  }
}

async function flushWithin(nats: NatsConnection, answerMs: number): Promise<void> {
  const timer = new AbortController()
  const late = delay(answerMs, undefined, { signal: timer.signal }).then(() => {
    throw new BusError('unanswered', 'publish: no answer in time')
  })
  // Whichever of the two loses is of no interest any more.
  late.catch(() => undefined)
  try {
    await Promise.race([nats.flush(), late])
    // A refusal comes before the flush's answer, but the client tells of it a little later.
    await nextTurn()
  } finally {
    timer.abort()
  }
}
