/** Who this page speaks for: what the browser keeps, and what this page remembers where nothing may be kept. */
import type { Keeper, Pair } from './keeper.ts'
import { randomToken, randomUuid } from './random.ts'

export interface Who {
  pair(): Pair
  /** The visit that new events belong to; null until one is opened. */
  visitID(): string | null
  openVisit(): string
  /** The server says which visit is open. */
  adopt(visitID: string): void
  /** Another tab may have become somebody else: true where this page followed it. */
  follow(): boolean
  /** The server does not take this pair (4503): another tab's new one, or a new one of our own. */
  renew(): void
}

/** Makes a pair where there is none, and keeps it before anything is sent (P6). */
export function makeWho(keeper: Keeper): Who {
  let pair = keeper.readPair() || makePair()
  let visit: string | null = null
  keeper.keepPair(pair)

  function keep(visitID: string): string {
    visit = visitID
    keeper.keepVisit(pair.globalVisitID, visitID)
    return visitID
  }

  function follow(): boolean {
    const stored = keeper.readPair()
    if (!stored || stored.deviceToken === pair.deviceToken) return false
    pair = stored
    visit = null
    return true
  }

  return {
    pair: () => pair,
    visitID() {
      visit = keeper.readVisit(pair.globalVisitID) || visit
      return visit
    },
    openVisit: () => keep(randomUuid()),
    adopt(visitID) {
      if (visitID !== visit) keep(visitID)
    },
    follow,
    renew() {
      if (follow()) return
      pair = makePair()
      visit = null
      keeper.keepPair(pair)
    },
  }
}

const makePair = (): Pair => ({ globalVisitID: randomUuid(), deviceToken: randomToken() })
