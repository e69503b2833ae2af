/** A load run: browsers get their turns at the rate asked for, then everything is acknowledged or given up. */
import {
  type Browser,
  isStopped,
  newBrowser,
  settleDown,
  shutDown,
  takeTurn,
  unacknowledged,
} from './browser.ts'
import type { Ledger } from './ledger.ts'
import type { LoadOptions } from './options.ts'
import { settle } from './people.ts'
import { randomFrom } from './random.ts'
import { newTally, type Tally } from './tally.ts'

/** How often turns are given, in ms. */
const TICK_MS = 10
/** How long acks are waited for at the end, in ms. */
const DRAIN_MS = 15_000

export interface Surroundings {
  readonly ledger: Ledger
  /** Stops making events when aborted, and then ends as usual. */
  readonly signal: AbortSignal
  /** Called each second. */
  readonly progress: (progress: Progress) => void
}

export interface Progress {
  readonly tally: Tally
  readonly elapsedMs: number
  readonly open: number
  readonly waiting: number
}

export interface Ended {
  readonly tally: Tally
  /** How long events were made, in ms. */
  readonly elapsedMs: number
  readonly unacknowledged: number
  readonly stopped: number
}

/** Resolves when the time is over and all that can be is acknowledged. Never rejects for what the server does. */
export async function runLoad(
  options: LoadOptions,
  { ledger, signal, progress }: Surroundings,
): Promise<Ended> {
  const tally = newTally()
  const { url, codec, eventsPerMessage, seed } = options
  const line = { url, codec, eventsPerMessage, random: randomFrom(seed + 1), tally, ledger }
  const browsers = settle(options.browsers, randomFrom(seed)).map((household, index) => {
    return newBrowser(household, line, randomFrom(seed + 3 + index))
  })
  const startedAt = performance.now()
  const told = setInterval(() => {
    progress({ tally, elapsedMs: performance.now() - startedAt, ...standing(browsers) })
  }, 1_000)
  await live(browsers, options, signal)
  const elapsedMs = performance.now() - startedAt
  await drain(browsers)
  clearInterval(told)
  const unacked = browsers.reduce((sum, browser) => sum + unacknowledged(browser), 0)
  const stopped = browsers.filter(isStopped).length
  for (const browser of browsers) shutDown(browser)
  return { tally, elapsedMs, unacknowledged: unacked, stopped }
}

/** Gives turns to browsers at random, so many that `rate` events a second happen; ends early if all were stopped. */
function live(browsers: readonly Browser[], options: LoadOptions, signal: AbortSignal): Promise<void> {
  const { seconds, rate, seed } = options
  // A source of its own: who is next does not depend on how the server answered the last one.
  const random = randomFrom(seed + 2)
  const startedAt = performance.now()
  let given = 0
  return new Promise((resolve) => {
    const ticks = setInterval(() => {
      const elapsedMs = Math.min(performance.now() - startedAt, seconds * 1_000)
      // A late tick catches up: as many turns are given as there are due.
      const due = Math.floor((elapsedMs / 1_000) * rate)
      for (; given < due; given += 1) giveTurn(browsers, random.below(browsers.length))
      if (!signal.aborted && elapsedMs < seconds * 1_000 && !browsers.every(isStopped)) return
      clearInterval(ticks)
      resolve()
    }, TICK_MS)
  })
}

/** A browser that has nothing to say hands its turn on. */
function giveTurn(browsers: readonly Browser[], first: number): void {
  for (let tries = 0; tries < browsers.length; tries += 1) {
    const browser = browsers[(first + tries) % browsers.length]
    if (browser !== undefined && takeTurn(browser)) return
  }
}

/** Everybody is online, and waits for the acks that are still to come. */
async function drain(browsers: readonly Browser[]): Promise<void> {
  for (const browser of browsers) settleDown(browser)
  const until = performance.now() + DRAIN_MS
  while (performance.now() < until && browsers.some((one) => !isStopped(one) && unacknowledged(one) > 0)) {
    await new Promise((resolve) => setTimeout(resolve, TICK_MS))
  }
}

function standing(browsers: readonly Browser[]): { readonly open: number; readonly waiting: number } {
  let open = 0
  let waiting = 0
  for (const browser of browsers) {
    waiting += unacknowledged(browser)
    for (const { state } of browser.tabs.values()) if (state === 'open') open += 1
  }
  return { open, waiting }
}
