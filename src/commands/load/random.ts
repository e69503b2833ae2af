/** A seeded source of random numbers (mulberry32): the same seed lives the same lives. */

export interface Random {
  /** 0 <= x < 1. */
  readonly next: () => number
  /** A whole number, 0 <= n < bound. */
  readonly below: (bound: number) => number
  readonly chance: (probability: number) => boolean
  /** One of a list that is not empty. */
  readonly pick: <T>(choices: readonly T[]) => T
  /** So many hex digits. */
  readonly hex: (digits: number) => string
}

/** `seed` is a whole number, 0 .. 2^32 - 1. */
export function randomFrom(seed: number): Random {
  let state = seed >>> 0
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  const below = (bound: number) => Math.floor(next() * bound)
  return {
    next,
    below,
    chance: (probability) => next() < probability,
    pick: (choices) => {
      if (choices.length === 0) throw new Error('pick: the list is empty')
      // The index is within the list; a list may hold undefined.
      return choices[below(choices.length)] as (typeof choices)[number]
    },
    hex: (digits) => Array.from({ length: digits }, () => below(16).toString(16)).join(''),
  }
}
