/** The bus over NATS JetStream: the only file that knows the `nats` client, and what it does when NATS is away. */
import { setTimeout as delay } from 'node:timers/promises'
import {
  type ConnectionOptions,
  connect,
  DiscardPolicy,
  headers,
  type JetStreamManager,
  type NatsConnection,
  NatsError,
  nanos,
  RetentionPolicy,
  StorageType,
  type StreamConfig,
} from 'nats'
import type { NatsAddress, NatsCredentials } from './address.ts'
import { type Bus, BusError, type StreamFinding, type WantedStream } from './bus.ts'
import { type BusLog, reasonOf } from './log.ts'
import { differencesOf } from './stream-differences.ts'

export interface NatsBusParts {
  readonly address: NatsAddress
  /** The stream that must be the one that acknowledges. */
  readonly stream: string
  readonly clientName: string
  readonly log: BusLog
  /** How long one answer of the server may take. */
  readonly answerMs?: number
}

/** The client's waits: short, so that a server that died, or came back, is noticed within seconds. */
const ANSWER_MS = 2_000
const DIAL_MS = 2_000
const RECONNECT_MS = 200
const PING_MS = 4_000

/** JetStream's codes for answers that are no failure. */
const STREAM_NOT_FOUND = 10_059
const MESSAGE_NOT_FOUND = 10_037
/** Off on this server, or for this account. */
const NO_JETSTREAM: readonly number[] = [10_039, 10_076]
/** Another stream took the message: ours is not there. */
const ANOTHER_STREAM = 10_060

/** Returns at once; connects, and connects again, in the background until it is closed. */
export function connectNats({ address, stream, clientName, log, answerMs = ANSWER_MS }: NatsBusParts): Bus {
  const connection = keepConnected({ address, clientName, log })
  return {
    isConnected: () => connection.current() !== null,
    onConnection: connection.listen,
    close: connection.close,

    async publish({ subject, messageId, contentType, bytes }) {
      return answered('publish', async () => {
        const header = headers()
        header.set('content-type', contentType)
        const js = connected(connection.current()).jetstream({ timeout: answerMs })
        const options = {
          msgID: messageId,
          headers: header,
          expect: { streamName: stream },
          timeout: answerMs,
        }
        const { seq, duplicate } = await js.publish(subject, bytes, options)
        return { seq, duplicate }
      })
    },

    async lastOn(subject) {
      return answered('last message of a visitor', async () => {
        const jsm = await managerOf(connection.current(), answerMs)
        // From the stream's leader: a replica's direct answer may be older than what was acknowledged.
        const found = await orNull(
          [MESSAGE_NOT_FOUND],
          jsm.streams.getMessage(stream, { last_by_subj: subject }),
        )
        return found && { messageId: found.header.get('Nats-Msg-Id'), bytes: found.data }
      })
    },

    async ensureStream(wanted, mayCreate) {
      return answered(`stream ${wanted.name}`, async () => {
        const jsm = await managerOf(connection.current(), answerMs)
        return findOrMake(jsm, { wanted, mayCreate })
      })
    },
  }
}

async function findOrMake(
  jsm: JetStreamManager,
  { wanted, mayCreate }: { readonly wanted: WantedStream; readonly mayCreate: boolean },
): Promise<StreamFinding> {
  if (!(await hasJetStream(jsm))) return { is: 'noJetStream' }
  const asked = settingsOf(wanted)
  const found = await orNull([STREAM_NOT_FOUND], jsm.streams.info(wanted.name))
  if (found !== null) return { is: 'ready', created: false, differences: differencesOf(asked, found.config) }
  if (!mayCreate) return { is: 'missing' }
  await jsm.streams.add(asked)
  // Asked again, because an older server leaves out, without a word, what it does not know.
  const made = await jsm.streams.info(wanted.name)
  return { is: 'ready', created: true, differences: differencesOf(asked, made.config) }
}

async function hasJetStream(jsm: JetStreamManager): Promise<boolean> {
  try {
    await jsm.getAccountInfo()
    return true
  } catch (error) {
    if (isNoResponders(error) || NO_JETSTREAM.includes(codeOf(error))) return false
    throw error
  }
}

function settingsOf(wanted: WantedStream) {
  const maxAge = nanos(wanted.maxAgeMs)
  return {
    name: wanted.name,
    subjects: [...wanted.subjects],
    retention: RetentionPolicy.Limits,
    storage: StorageType.File,
    // Full means refused: then the changes wait with us. The other policy would lose the oldest ones silently.
    discard: DiscardPolicy.New,
    num_replicas: wanted.replicas,
    max_age: maxAge,
    max_bytes: wanted.maxBytes === 0 ? -1 : wanted.maxBytes,
    // A server takes no window longer than the age.
    duplicate_window:
      maxAge === 0 ? nanos(wanted.duplicateWindowMs) : Math.min(nanos(wanted.duplicateWindowMs), maxAge),
  } satisfies Partial<StreamConfig>
}

interface Connection {
  readonly current: () => NatsConnection | null
  readonly listen: (listener: (connected: boolean) => void) => () => void
  readonly close: () => Promise<void>
}

/**
 * The first connection may take its time, and one that the client gives up is made anew. The client's own wait for the
 * first connection is not used: nothing could end it.
 */
function keepConnected({
  address,
  clientName,
  log,
}: Pick<NatsBusParts, 'address' | 'clientName' | 'log'>): Connection {
  const listeners = new Set<(connected: boolean) => void>()
  const closing = new AbortController()
  let nats: NatsConnection | null = null
  let isUp = false
  let complaint = ''

  function tell(up: boolean): void {
    if (up === isUp) return
    isUp = up
    if (up) {
      complaint = ''
      log.info({ servers: address.servers }, 'connected to NATS')
    } else if (!closing.signal.aborted) {
      log.warn({ servers: address.servers }, 'NATS is away; changes wait on disk')
    }
    for (const listener of listeners) listener(up)
  }

  /** Says a failure once, not at each of the many tries. */
  function complain(error: unknown): void {
    const reason = natsReason(error)
    if (reason === complaint) return
    complaint = reason
    log.warn({ servers: address.servers, reason }, 'cannot connect to NATS; trying for ever')
  }

  async function follow(open: NatsConnection): Promise<void> {
    for await (const { type, data } of open.status()) {
      if (type === 'disconnect') tell(false)
      else if (type === 'reconnect') tell(true)
      else if (type === 'error') log.error({ reason: String(data) }, 'NATS reports an error')
    }
  }

  async function run(): Promise<void> {
    while (!closing.signal.aborted) {
      try {
        const open = await connect(connectOptions(address, clientName))
        nats = open
        if (closing.signal.aborted) return
        void follow(open)
        tell(true)
        const fault = await open.closed()
        tell(false)
        if (fault) complain(fault)
      } catch (error) {
        complain(error)
      }
      await pause(RECONNECT_MS, closing.signal)
    }
  }

  const running = run()
  return {
    current: () => (isUp ? nats : null),
    listen(listener) {
      listeners.add(listener)
      listener(isUp)
      return () => listeners.delete(listener)
    },
    async close() {
      closing.abort()
      await nats?.close()
      await running
      await nats?.close()
    },
  }
}

function connectOptions({ servers, credentials }: NatsAddress, name: string): ConnectionOptions {
  return {
    servers: [...servers],
    name,
    maxReconnectAttempts: -1,
    reconnectTimeWait: RECONNECT_MS,
    pingInterval: PING_MS,
    timeout: DIAL_MS,
    // The same refusal twice would end the client; the account may be put right meanwhile.
    ignoreAuthErrorAbort: true,
    ...loginOf(credentials),
  }
}

function loginOf(credentials: NatsCredentials): ConnectionOptions {
  switch (credentials.kind) {
    case 'none':
      return {}
    case 'user':
      return { user: credentials.user, pass: credentials.pass }
    case 'token':
      return { token: credentials.token }
  }
}

/** What is published while NATS is away the client would drop without a word: it is not even given to it. */
function connected(nats: NatsConnection | null): NatsConnection {
  if (nats !== null) return nats
  throw new BusError('refused', 'NATS is not connected')
}

async function managerOf(nats: NatsConnection | null, answerMs: number): Promise<JetStreamManager> {
  return connected(nats).jetstreamManager({ timeout: answerMs, checkAPI: false })
}

/** Makes a `BusError` of every failure: did the server say no, is nobody there for it, or does nobody know. */
async function answered<T>(about: string, ask: () => Promise<T>): Promise<T> {
  try {
    return await ask()
  } catch (error) {
    if (error instanceof BusError) throw error
    const code = codeOf(error)
    const noStream = isNoResponders(error) || code === STREAM_NOT_FOUND || code === ANOTHER_STREAM
    const kind = noStream ? 'noStream' : code > 0 ? 'refused' : 'unanswered'
    throw new BusError(kind, `${about}: ${natsReason(error)}`, { cause: error })
  }
}

async function orNull<T>(codes: readonly number[], question: Promise<T>): Promise<T | null> {
  try {
    return await question
  } catch (error) {
    if (codes.includes(codeOf(error))) return null
    throw error
  }
}

/** JetStream's own error code, or 0 where it did not answer with one. */
function codeOf(error: unknown): number {
  return error instanceof NatsError ? (error.api_error?.err_code ?? 0) : 0
}

function isNoResponders(error: unknown): boolean {
  return error instanceof NatsError && error.code === '503' && error.api_error === undefined
}

/** What the server said: the client makes a bare number of it where that is 503. */
function natsReason(error: unknown): string {
  if (isNoResponders(error)) return 'nobody answers'
  const said = error instanceof NatsError ? error.api_error?.description : undefined
  return said ?? reasonOf(error)
}

/** Waits, but not beyond the end. */
async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await delay(ms, undefined, { signal }).catch(() => undefined)
}
