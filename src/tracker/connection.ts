/** The tab's one socket: hello, what comes back, and how it returns after a close (T3). */
import type { Hello, SentMessage, ServerMessage } from '../../protocol/messages.ts'
import { attempt } from './attempt.ts'
import { afterClose, CROWDED_MS, NEVER, UNAUTHORIZED } from './closing.ts'
import type { Guard } from './guard.ts'
import type { Line } from './line.ts'
import { toText } from './own.ts'
import { openSocket } from './socket.ts'

export type ConnectionState = 'connecting' | 'open' | 'waiting' | 'closed' | 'stopped'

export interface ConnectionOptions {
  readonly url: string
  readonly guard: Guard
  readonly introduce: () => Hello
  readonly onMessage: (message: ServerMessage) => void
  /** The socket is gone; called before what follows from its code. */
  readonly onLost: (code: number) => void
  /** 4503: starts again as somebody new, or not. */
  readonly onUnauthorized: () => boolean
  readonly onState: (state: ConnectionState) => void
  /** Loads `tracker-http.js`, for a later try. */
  readonly loadHttp: () => undefined
  /** Whether the server owes an answer. */
  readonly isOwed: () => boolean
}

export interface Connection {
  connect(): void
  /** Only while `open`. */
  send(message: SentMessage): void
  stateNow(): ConnectionState
  /** For now, `connect` opens it again; or for good. */
  end(next: 'closed' | 'stopped'): void
}

/** A server that owes an answer for so long is not there any more, whatever the network says. */
const SILENCE_MS = 30_000
/** WebSockets that end before a welcome, one after another, until requests are tried in their place. */
const REFUSED_MAX = 2
/** Where one had a welcome, the server may just be away: it takes some more. */
const ONCE_WELCOME = -4

export function makeConnection(options: ConnectionOptions): Connection {
  const { url, guard, introduce, onMessage, onLost, onUnauthorized, onState, loadHttp, isOwed } = options
  let state: ConnectionState = 'closed'
  let line: Line | undefined
  /** Requests, where WebSockets are blocked; each time they end, a WebSocket is tried again. */
  let byHttp = false
  let refused = 0
  let attempts = 0
  let openedAt = 0
  let crowded = false
  let retry: ReturnType<typeof setTimeout> | undefined
  let silence: ReturnType<typeof setTimeout> | undefined

  function become(next: ConnectionState): void {
    state = next
    onState(next)
  }

  function connect(): void {
    if (line || state === 'stopped') return
    clearTimeout(retry)
    byHttp = refused >= REFUSED_MAX && !byHttp
    const open = byHttp ? window._gtHttp || loadHttp : openSocket
    line = attempt(() => open([url, guard, introduce, receive, lost, toText]))
    if (!line) return lost(1006)
    expectAnswer()
    become(byHttp ? 'open' : 'connecting')
  }

  function receive(message: ServerMessage): void {
    hush()
    if (message.type === 'welcome') {
      openedAt = Date.now()
      become('open')
    }
    onMessage(message)
    if (isOwed() || byHttp) expectAnswer()
  }

  function expectAnswer(): void {
    if (silence) return
    silence = setTimeout(
      guard(() => lost(1006)),
      SILENCE_MS,
    )
  }

  function hush(): void {
    clearTimeout(silence)
    silence = undefined
  }

  function lost(code: number): void {
    letGo()
    onLost(code)
    if (!byHttp) refused = openedAt ? ONCE_WELCOME : refused + 1
    attempts = openedAt && Date.now() - openedAt > SILENCE_MS ? 0 : attempts
    openedAt = 0
    if (code === UNAUTHORIZED && onUnauthorized()) return connect()
    const afterMs = afterClose(code, attempts++, Math.random())
    crowded = afterMs >= CROWDED_MS
    if (afterMs === NEVER) return become('stopped')
    retry = setTimeout(guard(connect), afterMs)
    become('waiting')
  }

  function letGo(): void {
    hush()
    clearTimeout(retry)
    line?.close()
    line = undefined
  }

  addEventListener(
    'online',
    guard(() => state === 'waiting' && !crowded && connect()),
  )

  return {
    connect,
    send(message) {
      line?.send(message)
      // The next one waits for the answer: requests may overtake each other.
      if (byHttp) state = 'connecting'
      if (isOwed()) expectAnswer()
    },
    stateNow: () => state,
    end(next) {
      letGo()
      if (state !== 'stopped') become(next)
    },
  }
}
