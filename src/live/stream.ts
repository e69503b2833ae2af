/** One reader of `/live`: written to as fast as it reads and no faster; what it has not read yet waits on disk. */
import type { Writable } from 'node:stream'
import type { Message, Tell } from './telling.ts'
import type { ReadWindow } from './windows.ts'

export interface Stream {
  /** Something may have been committed. */
  wake(): void
  /** Says that it is still there, and how far it has come. */
  beat(): void
  /** Since when the reader takes nothing, or has not taken the end, in uptime; null = it takes what there is. */
  stalledAt(): number | null
  /** Ends it in order, and resolves when that is sent; the reader comes back. One that takes nothing is cut. */
  end(why: string): Promise<void>
  /** Cuts it. */
  cut(): void
}

export interface StreamParts {
  readonly response: Writable
  /** What was committed up to here is not told. */
  readonly after: number
  readonly readWindow: ReadWindow
  readonly tell: Tell
  /** What was committed before this is not kept whole any more, epoch ms. */
  readonly keptSince: () => number
  readonly uptime: () => number
  /** Told of a fault of ours; the stream is cut. */
  readonly failed: (error: unknown) => void
}

/** What is written at once, in characters. */
const PIECE_LENGTH = 16 * 1024
/** After how many ms a browser comes back by itself. */
const RETRY_MS = 2_000

/** Begins to tell. The response's head is written already. */
export function startStream(parts: StreamParts): Stream {
  const { response, readWindow, tell, keptSince, uptime } = parts
  let position = parts.after
  let isTelling = false
  let isWoken = false
  let stalledAt: number | null = null
  let goOn = (): void => {}
  response.on('drain', () => goOn())
  response.on('close', () => goOn())

  const isOver = () => response.destroyed || response.writableEnded

  async function write(text: string): Promise<void> {
    if (isOver() || response.write(text)) return
    stalledAt = uptime()
    await new Promise<void>((resolve) => {
      goOn = resolve
    })
    stalledAt = null
  }

  async function tellWindows(): Promise<void> {
    for (;;) {
      const window = readWindow(position)
      if (window === null || isOver()) return
      if (window.at < keptSince()) return end('what comes next is not kept any more')
      for (const piece of piecesOf(tell(window, position))) {
        await write(piece)
        if (isOver()) return
      }
      position = window.until
    }
  }

  function wake(): void {
    isWoken = true
    if (isTelling || isOver()) return
    isTelling = true
    isWoken = false
    tellWindows()
      .catch((error: unknown) => {
        parts.failed(error)
        response.destroy()
      })
      .finally(() => {
        isTelling = false
        if (isWoken) wake()
      })
  }

  async function end(why: string): Promise<void> {
    if (isOver()) return
    if (stalledAt !== null) {
      response.destroy()
      return
    }
    stalledAt = uptime()
    await new Promise<void>((resolve) => {
      response.once('close', resolve)
      response.end(`: ${why}\n\n`, resolve)
    })
  }

  response.write(`: vestibule\nretry: ${RETRY_MS}\nid: ${position}\n\n`)
  wake()
  return {
    wake,
    beat() {
      // While it tells, its position is in what it tells.
      if (!isTelling && !isOver()) response.write(`: beat\nid: ${position}\n\n`)
    },
    stalledAt: () => stalledAt,
    end,
    cut: () => response.destroy(),
  }
}

/**
 * A position is only said with its last message: whoever comes back with it has all of it. Without it a message is
 * told again after a cut, never left out.
 */
function* piecesOf(messages: readonly Message[]): Generator<string> {
  let text = ''
  for (const [index, { position, kind, data }] of messages.entries()) {
    if (messages[index + 1]?.position !== position) text += `id: ${position}\n`
    text += `event: ${kind}\ndata: ${JSON.stringify(data)}\n\n`
    if (text.length < PIECE_LENGTH) continue
    yield text
    text = ''
  }
  if (text !== '') yield text
}
