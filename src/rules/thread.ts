/** A thread that runs rules, one at a time, seen from the server: it is asked, timed, and ended where it must be. */
import { extname } from 'node:path'
import { Worker, type WorkerOptions } from 'node:worker_threads'
import type { Given } from './contract.ts'
import { RulesRefused } from './errors.ts'
import {
  type Ask,
  BEGUN,
  ENDED,
  type Progress,
  type ThreadHead,
  type ThreadMessage,
} from './thread-messages.ts'

export interface ThreadOptions {
  /** As the configuration names them. */
  readonly items: readonly string[]
  /** A rule takes no longer. */
  readonly ruleMs: number
  /** The thread's heap takes no more. */
  readonly memoryMb: number
}

/** What came of asking a rule. */
export type Asked =
  | { readonly is: 'answer'; readonly text: string }
  | { readonly is: 'nothing' }
  | { readonly is: 'failed'; readonly why: string }
  /** The thread does not take it: something that a rule left behind keeps it busy. */
  | { readonly is: 'stuck' }

export interface Thread {
  readonly heads: readonly ThreadHead[]
  /** One at a time. Never rejects. */
  readonly ask: (rule: string, given: Given) => Promise<Asked>
  /** It ended by itself, while nothing was asked. */
  readonly isGone: () => boolean
  readonly end: () => Promise<void>
}

/** Modules are loaded within this, or the start fails. */
const LOAD_MS = 10_000
/** A thread that has not begun with an ask after this is stuck. */
const STUCK_MS = 5_000

/** Starts a thread and loads its rules. Rejects with `RulesRefused` where they are not right. */
export async function startThread({ items, ruleMs, memoryMb }: ThreadOptions): Promise<Thread> {
  const progress: Progress = {
    asks: new Int32Array(new SharedArrayBuffer(8)),
    begunAt: new BigInt64Array(new SharedArrayBuffer(8)),
  }
  // Rules are the operator's code, but the server's secrets are none of their business.
  const worker = newWorker({
    workerData: { items, progress },
    env: {},
    resourceLimits: { maxOldGenerationSizeMb: memoryMb },
  })
  // It keeps no process alive.
  worker.unref()
  let isGone = false
  worker.once('exit', () => {
    isGone = true
  })
  const heads = await loaded(worker)
  let lastId = 0
  const ask = (rule: string, given: Given): Promise<Asked> => {
    lastId += 1
    return askOnce(worker, { progress, ruleMs }, { id: lastId, rule, given })
  }
  return { heads, ask, isGone: () => isGone, end: async () => void (await worker.terminate()) }
}

/** Run from the sources, a thread needs the loader that reads TypeScript told once more; built, it needs none. */
function newWorker(options: WorkerOptions): Worker {
  const extension = extname(import.meta.url)
  const file = new URL(`./worker${extension}`, import.meta.url)
  if (extension === '.js') return new Worker(file, options)
  const loader = import.meta.resolve('tsx/esm/api')
  const source = `import('${loader}').then(({ register }) => { register(); return import('${file.href}') })`
  return new Worker(source, { ...options, eval: true })
}

async function loaded(worker: Worker): Promise<readonly ThreadHead[]> {
  const message = await new Promise<ThreadMessage | Error>((resolve) => {
    const timer = setTimeout(() => resolve(new Error(`loading them took over ${LOAD_MS} ms`)), LOAD_MS)
    worker.once('message', (first: ThreadMessage) => {
      clearTimeout(timer)
      resolve(first)
    })
    worker.on('error', (error) => {
      clearTimeout(timer)
      resolve(error)
    })
    worker.once('exit', (code) => {
      clearTimeout(timer)
      resolve(new Error(`their thread ended with code ${code}`))
    })
  })
  if (!(message instanceof Error) && message.is === 'ready') return message.heads
  await worker.terminate()
  if (!(message instanceof Error) && message.is === 'refused') throw new RulesRefused(message.message)
  const why = message instanceof Error ? message.message : `their thread said ${message.is}`
  throw new RulesRefused(`the rules cannot be loaded: ${why}`)
}

interface Timing {
  readonly progress: Progress
  readonly ruleMs: number
}

function askOnce(worker: Worker, { progress, ruleMs }: Timing, ask: Ask): Promise<Asked> {
  return new Promise<Asked>((resolve) => {
    const askedAt = performance.now()
    let timer: NodeJS.Timeout
    const settle = (asked: Asked): void => {
      clearTimeout(timer)
      worker.off('message', onMessage)
      worker.off('error', onError)
      worker.off('exit', onExit)
      resolve(asked)
    }
    const onMessage = (message: ThreadMessage): void => settle(toAsked(message, ruleMs))
    const onError = (error: Error): void =>
      settle({ is: 'failed', why: `it ended its thread: ${error.message}` })
    const onExit = (): void => settle({ is: 'failed', why: 'it ended its thread' })
    /** The rule's own time counts, not ours: this timer may be late, and the thread may wait for its turn. */
    const look = (): void => {
      const leftMs = timeLeftMs(progress, ask.id, ruleMs)
      if (leftMs <= 0) settle(tooSlow(ruleMs))
      else if (!isBegun(progress, ask.id) && performance.now() - askedAt > STUCK_MS) settle({ is: 'stuck' })
      else timer = setTimeout(look, Math.ceil(leftMs))
    }
    worker.on('message', onMessage)
    worker.on('error', onError)
    worker.on('exit', onExit)
    timer = setTimeout(look, ruleMs)
    worker.postMessage(ask)
  })
}

/** What an ask has left of its time; all of it where it was not begun, or has ended and its message is on the way. */
function timeLeftMs(progress: Progress, id: number, ruleMs: number): number {
  const { asks, begunAt } = progress
  if (!isBegun(progress, id) || Atomics.load(asks, ENDED) === id) return ruleMs
  return ruleMs - Number(process.hrtime.bigint() - Atomics.load(begunAt, 0)) / 1e6
}

function isBegun({ asks }: Progress, id: number): boolean {
  return Atomics.load(asks, BEGUN) === id
}

function toAsked(message: ThreadMessage, ruleMs: number): Asked {
  if (message.is === 'threw') return { is: 'failed', why: `it threw: ${message.why}` }
  if (message.is !== 'returned') return { is: 'failed', why: `its thread said ${message.is}` }
  if (message.tookMs > ruleMs) return tooSlow(ruleMs)
  if (message.said === null) return { is: 'nothing' }
  if (message.said.is === 'nonsense') return { is: 'failed', why: message.said.why }
  return { is: 'answer', text: message.said.text }
}

function tooSlow(ruleMs: number): Asked {
  return { is: 'failed', why: `it took over ${ruleMs} ms` }
}
