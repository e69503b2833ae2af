/** The bus over NATS. This folder is the only place that knows the `nats` client, and what it does when NATS is away. */
import type { JetStreamManager } from 'nats'
import type { NatsAccess } from '../access.ts'
import type { Bus } from '../bus.ts'
import type { BusLog } from '../log.ts'
import { keepConnected } from './connection.ts'
import { createCoreSender, headersOf } from './core.ts'
import { answered, published } from './failures.ts'
import { serveRequests } from './requests.ts'
import { eraseMessages, findOrMake, lastMessage, sequenceOf } from './streams.ts'

export interface NatsBusParts {
  readonly access: NatsAccess
  /** The stream that must be the one that acknowledges. */
  readonly stream: string
  readonly clientName: string
  readonly log: BusLog
  /** How long one answer of the server may take. */
  readonly answerMs?: number
}

const ANSWER_MS = 2_000

/** Returns at once; connects, and connects again, in the background until it is closed. */
export function connectNats({ access, stream, clientName, log, answerMs = ANSWER_MS }: NatsBusParts): Bus {
  const connection = keepConnected({ access, clientName, log })
  const send = createCoreSender(connection, answerMs)
  const manager = (): Promise<JetStreamManager> =>
    connection.current().jetstreamManager({ timeout: answerMs, checkAPI: false })

  return {
    isConnected: connection.isUp,
    onConnection: connection.listen,
    close: connection.close,

    publish: (message) =>
      published(async () => {
        const js = connection.current().jetstream({ timeout: answerMs })
        const { seq, duplicate } = await js.publish(message.subject, message.bytes, {
          headers: headersOf(message),
          expect: { streamName: stream },
          timeout: answerMs,
        })
        return { seq, duplicate }
      }),
    send: (message) => published(() => send(message)),

    lastOn: (subject) =>
      answered('last message of a visitor', async () => lastMessage(await manager(), stream, subject)),
    sequenceOf: (message) =>
      answered('a message of a visitor', async () => sequenceOf(await manager(), stream, message)),
    ensureStream: (wanted, mayCreate) =>
      answered(`stream ${wanted.name}`, async () => findOrMake(await manager(), { wanted, mayCreate })),
    deleteMessages: (messages) =>
      answered('deletion of messages', async () => eraseMessages(await manager(), stream, messages)),

    request: ({ subject, bytes, answerMs: timeout }) =>
      answered('request', async () => (await connection.current().request(subject, bytes, { timeout })).data),
    serve: (service) => serveRequests(connection, service, log),
  }
}
