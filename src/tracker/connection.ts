/** The tab's one socket: hello, what comes back, and how it returns after a close (T3). */
import type { Hello, SentMessage, ServerMessage } from '../../protocol/messages.ts'
import { afterClose, TOO_MANY_CONNECTIONS } from './closing.ts'
import type { Guard } from './guard.ts'

export type ConnectionState = 'connecting' | 'open' | 'waiting' | 'closed' | 'stopped'

export interface ConnectionOptions {
  readonly url: string
  readonly guard: Guard
  readonly hello: () => Hello
  readonly onMessage: (message: ServerMessage) => void
  /** The socket is gone; called before what follows from its code. */
  readonly onLost: (code: number) => void
  /** 4503: starts again as somebody new, or not. */
  readonly onUnauthorized: () => boolean
  readonly onState: (state: ConnectionState) => void
  /** Whether the server owes an answer. */
  readonly isOwed: () => boolean
}

export interface Connection {
  connect(): void
  /** Only while `open`. */
  send(message: SentMessage): void
  state(): ConnectionState
  /** Closes for now; `connect` opens it again. */
  close(): void
  /** Closes for good. */
  stop(): void
}

export const SUBPROTOCOL = 'vestibule.v1.json'
/** A server that owes an answer for so long is not there any more, whatever the network says. */
const SILENCE_MS = 30_000

export function makeConnection(options: ConnectionOptions): Connection {
  const { url, guard, hello, onMessage, onLost, onUnauthorized, onState, isOwed } = options
  let state: ConnectionState = 'closed'
  let socket: WebSocket | undefined
  let attempt = 0
  let openedAt = 0
  let crowded = false
  let retry: ReturnType<typeof setTimeout> | undefined
  let silence: ReturnType<typeof setTimeout> | undefined

  function become(next: ConnectionState): void {
    state = next
    onState(next)
  }

  function connect(): void {
    if (socket || state === 'stopped') return
    clearTimeout(retry)
    const opening = new WebSocket(url, SUBPROTOCOL)
    socket = opening
    opening.onopen = guard(() => opening.send(JSON.stringify(hello())))
    opening.onmessage = guard(({ data }: MessageEvent) => receive(data))
    opening.onclose = guard(({ code }: CloseEvent) => lost(code))
    expectAnswer()
    become('connecting')
  }

  function receive(text: string): void {
    hush()
    // A boundary: the server that the site named; unknown types are ignored.
    const message = JSON.parse(text) as ServerMessage
    if (message.type === 'welcome') {
      openedAt = Date.now()
      become('open')
    }
    onMessage(message)
    if (isOwed()) expectAnswer()
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
    attempt = openedAt && Date.now() - openedAt > SILENCE_MS ? 0 : attempt
    openedAt = 0
    crowded = code === TOO_MANY_CONNECTIONS
    const after = afterClose(code, attempt++, Math.random())
    if (after.next === 'reconnect') {
      retry = setTimeout(guard(connect), after.afterMs)
      become('waiting')
    } else if (after.next === 'renew' && onUnauthorized()) connect()
    else become('stopped')
  }

  function letGo(): void {
    hush()
    clearTimeout(retry)
    if (!socket) return
    socket.onopen = socket.onmessage = socket.onclose = null
    socket.close()
    socket = undefined
  }

  addEventListener(
    'online',
    guard(() => state === 'waiting' && !crowded && connect()),
  )

  return {
    connect,
    send(message) {
      socket?.send(JSON.stringify(message))
      if (isOwed()) expectAnswer()
    },
    state: () => state,
    close() {
      letGo()
      if (state !== 'stopped') become('closed')
    },
    stop() {
      letGo()
      become('stopped')
    },
  }
}
