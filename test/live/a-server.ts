/** A whole server, browsers that post to it, and readers of its `/live`. */
import { type ClientRequest, type IncomingMessage, request } from 'node:http'
import { type Config, defaultConfig } from '../../src/config.ts'
import { createLog } from '../../src/operating/log.ts'
import { startServer } from '../../src/server.ts'
import { tempFolder } from '../helpers/temp-folder.ts'
import { within } from '../helpers/within.ts'

const WAIT_MS = 5_000
export const SECRET = 'live-reader-secret'
export const KEY = { authorization: `Bearer ${SECRET}` }
export const KEYS = `reader:${SECRET}:history:read,poor:poor-secret-012345:metrics`

export interface Message {
  readonly id: string | null
  readonly event: string
  readonly data: Record<string, unknown>
}

export interface Reader {
  readonly status: number
  readonly headers: IncomingMessage['headers']
  /** The next message with data; rejects where none comes. */
  next(): Promise<Message>
  /** The last `id:` said, as far as was read with `next`. */
  lastId(): string | null
  /** All that came, unread. */
  text(): string
  /** Resolves when the server has ended or cut it. */
  readonly over: Promise<void>
  pause(): void
  resume(): void
  close(): void
}

export type LiveServer = Awaited<ReturnType<typeof openServer>>

export async function openServer(over: Partial<Config> = {}, demo = false) {
  const folder = tempFolder()
  const config = { ...defaultConfig(), port: 0, data: folder.path, keys: KEYS, ...over }
  const server = await startServer({ config, log: createLog('silent'), demo })
  const readers = new Set<Reader>()
  let stopping: Promise<void> | null = null
  const stop = () => (stopping ??= server.close())
  return {
    ...server,
    path: folder.path,
    stop,
    async track(globalVisitID: string, events: readonly unknown[]) {
      const body = JSON.stringify({ globalVisitID, deviceToken: 'T'.repeat(32), sentAt: 1_000_000, events })
      const headers = { 'content-type': 'application/json' }
      const answer = await fetch(`${server.url}/track`, { method: 'POST', body, headers })
      if (!answer.ok) throw new Error(await answer.text())
    },
    async listen(query: string, headers: Readonly<Record<string, string>> = KEY): Promise<Reader> {
      const reader = await openReader(`${server.url}/live${query}`, headers)
      readers.add(reader)
      return reader
    },
    async close() {
      for (const reader of readers) reader.close()
      await stop()
      folder.remove()
    },
  }
}

export async function openReader(url: string, headers: Readonly<Record<string, string>>): Promise<Reader> {
  let asked: ClientRequest | undefined
  const answer = await within(
    WAIT_MS,
    'an answer',
    new Promise<IncomingMessage>((resolve, reject) => {
      // No agent: a connection of its own, which no other test gets.
      asked = request(url, { headers, agent: false }, resolve).once('error', reject)
      asked.end()
    }),
  )
  asked?.on('error', () => {})
  let text = ''
  let read = 0
  let lastId: string | null = null
  let wake = (): void => {}
  answer.setEncoding('utf8')
  answer.on('data', (piece: string) => {
    text += piece
    wake()
  })
  answer.on('error', () => {})
  const over = new Promise<void>((resolve) => answer.once('close', resolve))

  function nextOf(): Message | null {
    for (;;) {
      const end = text.indexOf('\n\n', read)
      if (end === -1) return null
      const lines = text.slice(read, end).split('\n')
      read = end + 2
      const field = (name: string) =>
        lines.find((line) => line.startsWith(`${name}: `))?.slice(name.length + 2) ?? null
      const [id, event, data] = [field('id'), field('event'), field('data')]
      lastId = id ?? lastId
      if (event !== null && data !== null) return { id, event, data: JSON.parse(data) }
    }
  }

  return {
    status: answer.statusCode ?? 0,
    headers: answer.headers,
    async next() {
      for (;;) {
        const message = nextOf()
        if (message !== null) return message
        await within(WAIT_MS, 'a message', new Promise<void>((resolve) => (wake = resolve)))
      }
    },
    lastId: () => lastId,
    text: () => text,
    over,
    pause: () => void answer.pause(),
    resume: () => void answer.resume(),
    close: () => void asked?.destroy(),
  }
}

let made = 0

export function event(eventName: string, over: Record<string, unknown> = {}) {
  made += 1
  const eventType = /^(VisitStarted|SignIn|SignOut|UserInfo|PageEntered)$/.test(eventName)
    ? 'SYSTEM'
    : 'BUSINESS'
  return {
    ...{ eventType, eventName, eventID: `e${made}`, visitID: 'v1', pageID: 'p1' },
    ...{ timestamp: 1_000_000, url: 'https://shop.example/', data: {}, ...over },
  }
}

export const signIn = (identityId: string, over: Record<string, unknown> = {}) =>
  event('SignIn', { data: { identityId }, ...over })
