/** The shortest history that still fails: parts are left out for as long as it does (delta debugging). */
import type { Broken } from './house.ts'
import { live } from './life.ts'
import type { Operation } from './operations.ts'

export interface Short {
  readonly history: readonly Operation[]
  readonly failure: string
}

/** Lives tried at most. */
const TRIES_MAX = 600

/** Shortens a history that fails; the same history always comes to the same. */
export async function shortest(history: readonly Operation[], broken: Broken = {}): Promise<Short> {
  let tries = 0
  const failureOf = async (some: readonly Operation[]): Promise<string | null> => {
    tries += 1
    return (await live(some, broken)).failure
  }
  let short: Short = { history, failure: (await failureOf(history)) ?? 'it does not fail' }
  for (let size = Math.ceil(history.length / 2); size >= 1 && tries < TRIES_MAX; ) {
    let isShorter = false
    for (let at = short.history.length - size; at > -size && tries < TRIES_MAX; at -= size) {
      const first = Math.max(0, at)
      const less = [...short.history.slice(0, first), ...short.history.slice(at + size)]
      const failure = less.length === short.history.length ? null : await failureOf(less)
      if (failure === null) continue
      short = { history: less, failure }
      isShorter = true
    }
    if (size === 1 && !isShorter) break
    size = size === 1 ? 1 : Math.ceil(size / 2)
  }
  return short
}
