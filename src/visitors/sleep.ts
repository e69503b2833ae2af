/** Who is awake: the least recently used go to sleep first, and memory follows activity. */
import type { Awake } from './awake.ts'

export interface Bedroom {
  /** The visitor if it is awake; it counts as used. */
  readonly find: (globalVisitID: string) => Awake | undefined
  readonly keep: (visitor: Awake) => Awake
  /** Forgets actors that ran ahead of the disk: their next entry restores them from it. */
  readonly drop: (visitors: Iterable<Awake>) => void
  /** Puts to sleep who was idle for `sleepAfterMs`, and the oldest past `awakeMax`. */
  readonly turnIn: () => void
  /** Puts everybody to sleep. */
  readonly empty: () => void
  readonly isAwake: (globalVisitID: string) => boolean
  readonly count: () => number
}

export interface BedroomOptions {
  readonly sleepAfterMs: number
  readonly awakeMax: number
  readonly now: () => number
}

/** Nobody is awake yet. */
export function createBedroom({ sleepAfterMs, awakeMax, now }: BedroomOptions): Bedroom {
  // In order of use: a Map keeps the order in which keys were set.
  const awake = new Map<string, Awake>()

  const keep = (visitor: Awake): Awake => {
    visitor.lastUsedAt = now()
    awake.set(visitor.globalVisitID, visitor)
    return visitor
  }

  const find = (globalVisitID: string): Awake | undefined => {
    const visitor = awake.get(globalVisitID)
    if (visitor === undefined) return undefined
    awake.delete(globalVisitID)
    return keep(visitor)
  }

  const putToSleep = (visitor: Awake): void => {
    awake.delete(visitor.globalVisitID)
    visitor.actor.stop()
  }

  return {
    find,
    keep,
    drop: (visitors) => {
      for (const visitor of visitors) if (awake.get(visitor.globalVisitID) === visitor) putToSleep(visitor)
    },
    turnIn: () => {
      const idleSince = now() - sleepAfterMs
      for (const visitor of awake.values()) {
        if (visitor.lastUsedAt > idleSince && awake.size <= awakeMax) return
        if (visitor.unflushed === 0) putToSleep(visitor)
      }
    },
    empty: () => {
      for (const visitor of awake.values()) putToSleep(visitor)
    },
    isAwake: (globalVisitID) => awake.has(globalVisitID),
    count: () => awake.size,
  }
}
