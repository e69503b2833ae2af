/** The shortest history that still fails: halves of it are left out for as long as it does, and fast-check shrinks the rest. */
import fc from 'fast-check'
import type { Broken } from './house.ts'
import { live } from './life.ts'
import type { Operation } from './operations.ts'

export interface Short {
  readonly history: readonly Operation[]
  readonly failure: string
}

/** Lives tried at most, by each of the two. */
const TRIES_MAX = 600

type FailureOf = (history: readonly Operation[]) => Promise<string | null>

/** Shortens a history that fails; the same history always comes to the same. */
export async function shortest(history: readonly Operation[], broken: Broken = {}): Promise<Short> {
  const failureOf: FailureOf = async (some) => (await live(some, broken)).failure
  const failure = await failureOf(history)
  if (failure === null) return { history, failure: 'it does not fail' }
  return shrunk(await halved({ history, failure }, failureOf), failureOf)
}

/** Takes away much at once: of a long history fast-check alone would live ten times as many. */
async function halved(long: Short, failureOf: FailureOf): Promise<Short> {
  let short = long
  let tries = 0
  for (let size = Math.ceil(long.history.length / 2); size >= 1 && tries < TRIES_MAX; size = half(size)) {
    for (let at = short.history.length - size; at > -size && tries < TRIES_MAX; at -= size) {
      const first = Math.max(0, at)
      const less = [...short.history.slice(0, first), ...short.history.slice(at + size)]
      if (less.length === short.history.length) continue
      tries += 1
      const failure = await failureOf(less)
      if (failure !== null) short = { history: less, failure }
    }
  }
  return short
}

function half(size: number): number {
  return size === 1 ? 0 : Math.ceil(size / 2)
}

async function shrunk(long: Short, failureOf: FailureOf): Promise<Short> {
  let short = long
  let tries = 0
  const holds = async (history: readonly Operation[]): Promise<boolean> => {
    tries += 1
    const failure = tries > TRIES_MAX ? null : await failureOf(history)
    if (failure !== null && history.length < short.history.length) short = { history, failure }
    return failure === null
  }
  const parts = fc.subarray([...long.history])
  await fc.check(fc.asyncProperty(parts, holds), { examples: [[[...long.history]]], numRuns: 1, seed: 1 })
  return short
}
