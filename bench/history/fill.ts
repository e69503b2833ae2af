/** Fills a store with many visitors: what they say goes through the room of a server, in this process, many at a time. */
import { setTimeout as pause } from 'node:timers/promises'
import { defaultConfig } from '../../src/config.ts'
import { createLog } from '../../src/operating/log.ts'
import { settingsOf } from '../../src/server.ts'
import type { Store } from '../../src/store/contract.ts'
import type { NewEvent } from '../../src/visitors/contract.ts'
import { uuidV5 } from '../../src/visitors/ids.ts'
import { SYSTEM_TIMING, type Timing } from '../../src/visitors/timing.ts'
import { type OpenVisitors, openVisitors } from '../../src/visitors/visitors.ts'
import { PATIENCE_MS, saying } from '../patience.ts'
import { newVisitor, type Visitor } from '../visitor.ts'

export interface FillPlan {
  readonly visitors: number
  /** Events of each, the first of them a VisitStarted. */
  readonly events: number
  /** Who signs in with the fifth event: each visitor somebody else, all the same person, or nobody. */
  readonly people: 'each' | 'one' | 'nobody'
  /** Called from time to time, with the visitors filled so far. */
  readonly progress: (filled: number) => void
}

/** Events that a visitor says at a time, and all who speak side by side: a commit is as large as it may be. */
const SLICE = 10
const EVENTS_AT_ONCE = 2_000
/** Time in which one of them says an event. */
const EVENT_MS = 100
/** They began so long ago that all of them have gone. */
const AGO_MS = 7 * 86_400_000
const DAY_MS = 86_400_000
/** Who has said all goes to sleep soon: a million need not be awake together. */
const AWAKE_MAX = 5_000
/** The sweep ends visits some hundreds at a time, four times a second: here it need not wait. */
const HASTE = 100

/** The ids of the visitor at this index; they tell nothing of the order, as real ones do not. */
export function idOf(what: 'visitor' | 'visit' | 'person', index: number): string {
  return uuidV5(`bench ${what} ${index}`)
}

/** Resolves when all is on disk, their visits have ended, and nothing is due any more; how many events were kept. */
export async function fill(store: Store, plan: FillPlan): Promise<number> {
  let now = Math.max(Date.now() - AGO_MS, store.lastAt())
  const config = { ...defaultConfig(), awakeMax: AWAKE_MAX }
  const visitors = await openVisitors({
    ...{ store, settings: settingsOf(config), log: createLog('error'), limits: config, timing: HASTY },
    clock: { now: () => now, drift: () => 0 },
  })
  const most = EVENTS_AT_ONCE / Math.min(SLICE, plan.events)
  let kept = 0
  for (let first = 0; first < plan.visitors; first += most) {
    const group = Array.from({ length: Math.min(most, plan.visitors - first) }, (_, index) =>
      visitorAt(first + index, plan),
    )
    let before: Promise<number> = Promise.resolve(0)
    for (let said = 0; said < plan.events; said += SLICE) {
      const count = Math.min(SLICE, plan.events - said)
      now += count * EVENT_MS
      const saying = say(visitors, group, count)
      // The next slice is made while this one is written.
      kept += await before
      before = saying
    }
    kept += await before
    plan.progress(first + group.length)
  }
  // Nobody says more: visits end when they are due, and the sweep delivers that.
  now += DAY_MS
  await untilNothingIsDue(store, now)
  await visitors.close()
  if (kept !== plan.visitors * plan.events) throw new Error(`${kept} events were kept of those filled in`)
  return kept
}

/** As long as it takes, while the sweep gets on. */
async function untilNothingIsDue(store: Store, now: number): Promise<void> {
  let { firstDue, movedAt } = { firstDue: store.firstDue(), movedAt: performance.now() }
  while (firstDue !== 0 && firstDue <= now) {
    await pause(20)
    const next = store.firstDue()
    if (next !== firstDue) movedAt = performance.now()
    if (performance.now() > movedAt + PATIENCE_MS.PROGRESS)
      throw new Error(`the filled visits do not end: ${saying('PROGRESS')}`)
    firstDue = next
  }
}

const HASTY: Timing = { ...SYSTEM_TIMING, after: (ms, run) => SYSTEM_TIMING.after(ms / HASTE, run) }

interface Filled {
  readonly visitor: Visitor
  readonly identityId: string | null
}

function visitorAt(index: number, { people }: FillPlan): Filled {
  const identityId = people === 'nobody' ? null : idOf('person', people === 'one' ? 0 : index)
  const ids = { globalVisitID: idOf('visitor', index), visitID: idOf('visit', index) }
  return { visitor: newVisitor({ ...ids, identityId }), identityId }
}

/** Each of them says so many events; how many were kept. */
async function say(visitors: OpenVisitors, group: readonly Filled[], count: number): Promise<number> {
  const recorded = await Promise.all(
    group.map(({ visitor, identityId }) => {
      // The boundary where the generator's own text becomes the words in it.
      const words = JSON.parse(visitor.events(count)) as readonly NewEvent['words'][]
      return visitors.record(
        visitor.globalVisitID,
        words.map((one) => eventOf(one, identityId)),
      )
    }),
  )
  return recorded.reduce((sum, { outcomes }) => sum + outcomes.filter(({ is }) => is === 'kept').length, 0)
}

/** An event as the gateway would hand it in. */
function eventOf(words: NewEvent['words'], identityId: string | null): NewEvent {
  return {
    ...{ type: 'event', words, ageMs: 0, via: 'socket', final: false, proven: false },
    identityId: words.eventName === 'SignIn' ? identityId : null,
    ...{ namesVisit: null, userAgent: null },
  }
}
