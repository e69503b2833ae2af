/** The child's side of a server under test: says where it listens, and what it costs when asked. */
import { readFileSync } from 'node:fs'

export interface Costs {
  /** CPU time of the process so far, user and system, in ms. */
  readonly cpuMs: number
  /** JavaScript heap and what hangs on it, after a collection, in bytes. */
  readonly heapBytes: number
  /** Anonymous resident memory, in bytes: without the pages of files that are mapped. */
  readonly anonymousBytes: number
}

export type FromChild = { readonly port: number } | { readonly costs: Costs }
export type ToChild = 'costs' | 'stop'

/** Tells the port, answers `costs`, ends after `stop`. */
export function answerParent(port: number, close: () => Promise<void>): void {
  process.on('message', (asked: ToChild) => {
    if (asked === 'costs') tell({ costs: costs() })
    else void close().finally(() => process.disconnect())
  })
  tell({ port })
}

function tell(message: FromChild): void {
  process.send?.(message)
}

function costs(): Costs {
  const { user, system } = process.cpuUsage()
  globalThis.gc?.()
  const { heapUsed, external, arrayBuffers } = process.memoryUsage()
  const [, anonymousKb] = /RssAnon:\s+(\d+) kB/.exec(readFileSync('/proc/self/status', 'utf8')) ?? []
  return {
    cpuMs: (user + system) / 1_000,
    heapBytes: heapUsed + external + arrayBuffers,
    anonymousBytes: Number(anonymousKb) * 1_024,
  }
}
