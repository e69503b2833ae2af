/** One visitor's whole story, told to the real room once: the rows that others are stamped from. */
import { setTimeout as pause } from 'node:timers/promises'
import { defaultConfig } from '../../src/config.ts'
import { createLog } from '../../src/operating/log.ts'
import { settingsOf } from '../../src/server.ts'
import type { Store } from '../../src/store/contract.ts'
import type {
  ContactRow,
  IdentityRow,
  LinkRow,
  PageRow,
  SessionRow,
  StoredEntry,
  VisitorRow,
  VisitRow,
} from '../../src/store/rows.ts'
import type { NewEvent } from '../../src/visitors/contract.ts'
import { openVisitors } from '../../src/visitors/visitors.ts'
import { newVisitor } from '../visitor.ts'

/** All rows of one visitor with one visit, which has ended. */
export interface Story {
  readonly visitor: VisitorRow
  readonly entries: readonly StoredEntry[]
  readonly visit: VisitRow
  readonly sessions: readonly SessionRow[]
  readonly pages: readonly PageRow[]
  readonly links: readonly LinkRow[]
  readonly contacts: readonly ContactRow[]
  readonly identity: IdentityRow | null
}

export interface StoryPlan {
  /** Of the visitor, the first of them a VisitStarted. */
  readonly events: number
  /** Signs in with the fifth event. */
  readonly signsIn: boolean
  /** When it begins, epoch ms. */
  readonly at: number
}

const SECOND_MS = 1_000
const DAY_MS = 86_400_000
const ALL = { limit: Number.POSITIVE_INFINITY }

/** Tells it to the store, and waits until its visit has ended and nothing of it is due any more. */
export async function tellStory(store: Store, plan: StoryPlan): Promise<Story> {
  let now = Math.max(plan.at, store.lastAt())
  const config = defaultConfig()
  const visitors = await openVisitors({
    ...{ store, settings: settingsOf(config), log: createLog('error'), limits: config },
    clock: { now: () => now, drift: () => 0 },
  })
  const { globalVisitID, batch } = newVisitor()
  for (let said = 0; said < plan.events; said += 1) {
    now += SECOND_MS
    await visitors.record(globalVisitID, [eventOf(batch(1), plan.signsIn && said === 4)])
  }
  // Nobody says more: the visit ends when it is due, and the sweep delivers that.
  now += DAY_MS
  while (store.firstDue() !== 0 && store.firstDue() <= now) await pause(50)
  await visitors.close()
  return read(store, store.visitorNumber(globalVisitID))
}

/** The batch of one event as the gateway would hand it in. */
function eventOf(batch: string, isSignIn: boolean): NewEvent {
  // The boundary where the generator's own text becomes the words in it.
  const { events } = JSON.parse(batch) as { readonly events: readonly [NewEvent['words']] }
  const [words] = events
  const identityId = isSignIn ? 'somebody' : null
  return {
    type: 'event',
    words: isSignIn ? { ...words, eventType: 'SYSTEM', eventName: 'SignIn', data: { identityId } } : words,
    ...{
      ageMs: 0,
      via: 'socket',
      final: false,
      proven: false,
      identityId,
      namesVisit: null,
      userAgent: null,
    },
  }
}

function read(store: Store, number: number): Story {
  const visitor = store.visitor(number)
  const [visit] = store.visits(number, ALL)
  if (visitor === null || visit === undefined) throw new Error('the story told left no visit')
  const links = store.linksOfVisit(number, visit.ordinal)
  const [link] = links
  return {
    ...{ visitor, visit, links },
    entries: store.entries(number, ALL),
    sessions: store.sessions(number, visit.ordinal, ALL),
    pages: store.pages(number, visit.ordinal, ALL),
    contacts: store.contactsOfVisitor(number, ALL),
    identity: link === undefined ? null : store.identity(link.identity),
  }
}
