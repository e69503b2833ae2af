/** Random lives of a few visitors, written by a scribe, and what every list must then say. */
import type { Scribe } from './scribe.ts'

export type Random = () => number

/** mulberry32: the same seed, the same numbers. */
export function seeded(seed: number): Random {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

export function pick<Item>(random: Random, items: readonly Item[]): Item {
  const item = items[Math.floor(random() * items.length)]
  if (item === undefined) throw new Error('nothing to pick from')
  return item
}

/** One event as the world remembers it. */
export interface Remembered {
  readonly eventID: string
  readonly eventName: string
  readonly eventType: string
  readonly category: string
  readonly globalVisitID: string
  readonly visitId: string
  readonly sessionId: string | null
  readonly identityId: string | null
  readonly pageID: string
  readonly at: number
  readonly position: number
}

const NAMES = ['SignIn', 'SignOut', 'UserInfo', 'PageEntered', 'Looked', 'Bought']
const CATEGORIES = ['', 'shoes', 'shoes;sale', 'hats']

export type World = ReturnType<typeof createWorld>

export function createWorld(scribe: Scribe, random: Random, sizes: { visitors: number; people: number }) {
  const events: Remembered[] = []
  const sessions: { readonly sessionId: string; readonly visitId: string; readonly identityId: string }[] = []
  const visitors = Array.from({ length: sizes.visitors }, (_, index) => `g${index}`)
  const people = Array.from({ length: sizes.people }, (_, index) => scribe.identity(`p${index}@example.com`))
  const lives = new Map<string, Life>()
  const visits: string[] = []
  type Life = ReturnType<typeof begin>

  function begin(globalVisitID: string) {
    const visit = scribe.visit(globalVisitID, `v${visits.length}`)
    visits.push(visit.visitId)
    return {
      visit,
      page: scribe.page(visit, {}),
      links: new Map<number, ReturnType<Scribe['link']>>(),
      now: NOBODY,
    }
  }

  function signIn(life: Life): void {
    const person = pick(random, people)
    const link = life.links.get(person.identity) ?? scribe.link(life.visit, person, 'Authenticated')
    life.links.set(person.identity, link)
    const session = scribe.session(life.visit, person)
    sessions.push({
      sessionId: session.sessionId,
      visitId: life.visit.visitId,
      identityId: person.identityId,
    })
    life.now = { link, session, identityId: person.identityId }
  }

  function step(globalVisitID: string): void {
    let life = lives.get(globalVisitID)
    if (life === undefined || random() < 0.05) life = begin(globalVisitID)
    lives.set(globalVisitID, life)
    const turn = random()
    if (turn < 0.1) signIn(life)
    else if (turn < 0.2) life.now = NOBODY
    if (random() < 0.2) life.page = scribe.page(life.visit, life.now)
    if (random() < 0.3) scribe.wait(Math.ceil(random() * 3_000))
    if (random() < 0.1) scribe.other(life.visit.number, 'presence.went', { visitId: life.visit.visitId })
    const eventName = pick(random, NAMES)
    const eventType = eventName === 'Looked' || eventName === 'Bought' ? 'BUSINESS' : 'SYSTEM'
    const category = pick(random, CATEGORIES)
    const { visit, page, now } = life
    const { identityId, ...where } = now
    const entry = scribe.event(visit.number, { visit, page, ...where }, { eventName, eventType, category })
    events.push({
      eventID: entry.words.eventID,
      eventName,
      eventType,
      category,
      globalVisitID,
      visitId: visit.visitId,
      sessionId: now.session?.sessionId ?? null,
      identityId: identityId ?? null,
      pageID: page.pageId,
      at: entry.at,
      position: entry.position,
    })
  }

  return {
    events,
    visits,
    sessions,
    visitors,
    people: people.map(({ identityId }) => identityId),
    /** In one commit: one visitor after another, since a commit gives each one stretch of positions. */
    happen: async (steps: number): Promise<void> => {
      const busy = visitors.filter(() => random() < 0.6)
      for (const visitor of busy) for (let index = 0; index < steps / busy.length; index++) step(visitor)
      await scribe.commit()
    },
  }
}

interface Now {
  readonly link?: ReturnType<Scribe['link']>
  readonly session?: ReturnType<Scribe['session']>
  readonly identityId?: string
}
const NOBODY: Now = {}
