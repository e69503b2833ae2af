/** One connection to NATS, for ever: the first may take its time, and one that the client gives up is made anew. */
import { setTimeout as delay } from 'node:timers/promises'
import { type ConnectionOptions, connect, type NatsConnection, type Status } from 'nats'
import type { NatsAccess } from '../access.ts'
import { BusError } from '../bus.ts'
import { type BusLog, reasonOf } from '../log.ts'
import { loginOptions } from './login.ts'

export interface ConnectionParts {
  readonly access: NatsAccess
  readonly clientName: string
  readonly log: BusLog
}

export interface Connection {
  /** The connection while it is up. Throws `BusError`: what is sent meanwhile the client would drop without a word. */
  readonly current: () => NatsConnection
  readonly isUp: () => boolean
  /** Counts the times that it went away: what was sent before the last one may be lost. */
  readonly losses: () => number
  readonly listen: (listener: (connected: boolean) => void) => () => void
  /** Called with each client that is made, also with the one that there is. */
  readonly onClient: (listener: (nats: NatsConnection) => void) => () => void
  /** Called when the server said that the account may not publish on a subject. */
  readonly onPublishDenied: (listener: (subject: string) => void) => void
  readonly close: () => Promise<void>
}

/** The client's waits: short, so that a server that died, or came back, is noticed within seconds. */
const DIAL_MS = 2_000
const RECONNECT_MS = 200
const PING_MS = 4_000

/**
 * Returns at once and connects in the background, until it is closed. The client's own wait for the first connection is
 * not used: nothing could end it.
 */
export function keepConnected({ access, clientName, log }: ConnectionParts): Connection {
  const listeners = new Set<(connected: boolean) => void>()
  const clientListeners = new Set<(nats: NatsConnection) => void>()
  const deniedListeners = new Set<(subject: string) => void>()
  const closing = new AbortController()
  const servers = access.servers
  let nats: NatsConnection | null = null
  let isUp = false
  let losses = 0
  let complaint = ''

  function tell(up: boolean): void {
    if (up === isUp) return
    isUp = up
    if (up) {
      complaint = ''
      log.info({ servers }, 'connected to NATS')
    } else {
      losses++
      if (!closing.signal.aborted) log.warn({ servers }, 'NATS is away; changes wait on disk')
    }
    for (const listener of listeners) listener(up)
  }

  /** Says a failure once, not at each of the many tries. */
  function complain(error: unknown): void {
    const reason = reasonOf(error)
    if (reason === complaint) return
    complaint = reason
    log.warn({ servers, reason }, 'cannot connect to NATS; trying for ever')
  }

  async function follow(open: NatsConnection): Promise<void> {
    for await (const status of open.status()) {
      const denied = deniedSubject(status)
      if (status.type === 'disconnect') tell(false)
      else if (status.type === 'error') log.error({ reason: String(status.data) }, 'NATS reports an error')
      if (denied !== null) for (const listener of deniedListeners) listener(denied)
    }
  }

  async function run(): Promise<void> {
    while (!closing.signal.aborted) {
      try {
        const open = await connect(connectOptions(access, clientName))
        nats = open
        if (closing.signal.aborted) return
        void follow(open)
        for (const listener of clientListeners) listener(open)
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
    current() {
      if (isUp && nats !== null) return nats
      throw new BusError('refused', 'NATS is not connected')
    },
    isUp: () => isUp,
    losses: () => losses,
    listen(listener) {
      listeners.add(listener)
      listener(isUp)
      return () => listeners.delete(listener)
    },
    onClient(listener) {
      clientListeners.add(listener)
      if (nats !== null && !nats.isClosed()) listener(nats)
      return () => clientListeners.delete(listener)
    },
    onPublishDenied(listener) {
      deniedListeners.add(listener)
    },
    async close() {
      closing.abort()
      await nats?.close()
      await running
      await nats?.close()
    },
  }
}

function connectOptions(access: NatsAccess, name: string): ConnectionOptions {
  return {
    servers: [...access.servers],
    name,
    // It would try for ever without a word of why it fails: whoever calls begins anew, and hears.
    reconnect: false,
    pingInterval: PING_MS,
    timeout: DIAL_MS,
    // The same refusal twice would end the client; the account may be put right meanwhile.
    ignoreAuthErrorAbort: true,
    ...loginOptions(access),
  }
}

function deniedSubject({ permissionContext }: Status): string | null {
  return permissionContext?.operation === 'publish' ? permissionContext.subject : null
}

/** Waits, but not beyond the end. */
async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await delay(ms, undefined, { signal }).catch(() => undefined)
}
