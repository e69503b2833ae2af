/** A seeded source of random numbers (mulberry32): the same seed gives the same run. */

export interface Random {
  /** 0 <= x < 1. */
  readonly next: () => number
  /** A whole number, 0 <= n < below. */
  readonly below: (below: number) => number
  readonly pick: <T>(choices: readonly [T, ...T[]]) => T
}

export function randomFrom(seed: number): Random {
  let state = seed >>> 0
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  const below = (bound: number) => Math.floor(next() * bound)
  return { next, below, pick: (choices) => choices[below(choices.length)] ?? choices[0] }
}
