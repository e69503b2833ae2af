/** What the History API answers, held against the tables: who is there, which visits, links, contact rows and events. */
import { isStoredEvent } from '../../src/store/rows.ts'
import type { Life } from './erasing.ts'
import { must } from './ledger.ts'
import { PEOPLE } from './operations.ts'
import type { TableOracle } from './table-oracle.ts'
import { says } from './texts.ts'
import { isErasing, type World } from './world.ts'

/** What is read of an answer; what is not there is undefined. */
type Read = Readonly<Record<string, unknown>>

/** Asked while nothing moves and all that is on disk was looked at; `turn`: of whom, or null for all. */
export async function provesHistory(world: World, turn: number | null): Promise<void> {
  const { lives } = world.observer.erasing
  for (const life of turnOf([...lives.values()], turn)) {
    const oracle = world.observer.oracles.get(life.globalVisitID)
    if (oracle === undefined) await isUnknown(world, `/visitors/${life.globalVisitID}`)
    else await provesVisitor(world, life, oracle)
  }
  for (const person of turnOf(PEOPLE, turn)) await provesPerson(world, person)
}

function turnOf<T>(all: readonly T[], turn: number | null): readonly T[] {
  return turn === null ? all : all.filter((_one, index) => index === turn % all.length)
}

async function isUnknown({ running }: World, path: string): Promise<void> {
  const { status } = await running.ask(path)
  must(status === 404, 'H2', () => `${path} answers ${status}, and there is nobody`)
}

async function provesVisitor(world: World, life: Life, oracle: TableOracle): Promise<void> {
  const { globalVisitID } = life
  const hidden = world.observer.erasing.hiddenAt(globalVisitID)
  const isSeen = (identityId: string | null | undefined): boolean => !hidden.has(identityId ?? '')
  const { belief, rejected, links, contacts } = oracle.identity
  const visits = oracle.visit.visits.filter(({ ordinal }) => !oracle.isGone(ordinal))
  const same = (path: string, found: unknown, expected: unknown): void => {
    const [is, should] = [JSON.stringify(found), JSON.stringify(expected)]
    must(is === should, 'H5', () => `${path} answers ${is} where the tables say ${should}`)
  }

  const visitor = `/visitors/${globalVisitID}`
  const [now = {}] = await rows(world, visitor)
  const { seq, identityId = null, visit = null } = now
  const isKnown = isSeen(belief.identityId)
  same(visitor, seq, life.entries.at(-1)?.seq ?? seq)
  same(
    visitor,
    String(now.state).toLowerCase().replace('-', ''),
    isKnown ? belief.state.toLowerCase() : 'anonymous',
  )
  same(visitor, identityId, isKnown ? belief.identityId : null)
  same(visitor, Object(visit).visitId ?? null, oracle.visit.open?.visitId ?? null)
  same(visitor, [...list(now.rejected)].sort(), [...rejected].filter(isSeen).sort())

  const ofVisitor = `globalVisitID=${globalVisitID}&page_size=1000`
  same(
    '/visits',
    (await rows(world, `/visits?${ofVisitor}`)).map((row) => [
      row.visitId,
      row.startDate,
      row.endDate,
      row.reason,
    ]),
    visits.map(({ visitId, startedAt, endedAt, reason }) => [visitId, startedAt, endedAt, reason]),
  )
  const told = contacts.map((contact) => contact.split(' ')).filter(([, who]) => isSeen(who))
  const found = (await rows(world, `/contacts?${ofVisitor}`)).map(({ visitId, identityId: who, how }) => [
    visitId,
    who,
    how,
  ])
  same(
    '/contacts',
    found.map(([, ...about]) => about),
    told.slice(told.length - found.length).map(([, ...about]) => about),
  )
  // Half of an erasure is told: which events are left is known when it is done.
  const isWhole = !isErasing(world)
  if (isWhole)
    same('/useridentifications', idsIn(await rows(world, `/useridentifications?${ofVisitor}`)), saidWho(life))
  for (const { ordinal, visitId } of visits.slice(-2)) {
    const people = await rows(world, `/visits/${visitId}/identities?page_size=1000`)
    const linked = [...links].flatMap(([key, association]) => {
      const [at, who] = key.split('/')
      return at === String(ordinal) && association !== null && isSeen(who) ? [who] : []
    })
    same(`/visits/${visitId}/identities`, people.map((row) => row.identityId).sort(), linked.sort())
    if (!isWhole) continue
    const events = idsIn(await rows(world, `/visits/${visitId}/events?page_size=1000`))
    same(`/visits/${visitId}/events`, events, eventsOf(life, ordinal))
  }
}

/** Who is linked to any visit is found; who was erased and did not come back is not. */
async function provesPerson(world: World, person: string): Promise<void> {
  const { erasing, oracles } = world.observer
  const isLinked = [...oracles].some(
    ([globalVisitID, { identity }]) =>
      !erasing.hiddenAt(globalVisitID).has(person) &&
      [...identity.links.keys()].some((key) => key.endsWith(`/${person}`)),
  )
  const isErased = erasing.all().some(({ kind, name }) => kind === 'person' && name === person)
  const path = `/identities/${person}`
  // Whom only an erased device knew goes with the last of it, but where another one's stream names them since.
  if (!isLinked)
    return isErased && !isErasing(world) && !isNamed(world, person) ? isUnknown(world, path) : undefined
  const { status } = await world.running.ask(path)
  must(status === 200, 'H2', () => `${path} answers ${status}, and they are linked to a visit`)
}

function isNamed({ observer: { erasing } }: World, person: string): boolean {
  return [...erasing.lives.values()].some(({ globalVisitID, entries }) => {
    return !erasing.isGone(globalVisitID) && entries.some((entry) => says(entry, person))
  })
}

/** A list, or the one that was asked for; none where nothing is there. */
async function rows({ running }: World, path: string): Promise<readonly Read[]> {
  const { status, body } = await running.ask(path)
  must(status === 200 || status === 204, 'H2', () => `${path} answers ${status}`)
  return body === null ? [] : Array.isArray(body) ? body : [Object(body)]
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

function idsIn(events: readonly Read[]): readonly unknown[] {
  return events.map(({ eventID }) => eventID)
}

/** By their eventIDs: SignIn, SignOut and UserInfo that are kept. */
function saidWho({ entries }: Life): readonly string[] {
  return entries.filter(isStoredEvent).flatMap(({ words, erased }) => {
    const saysWho =
      words.eventType === 'SYSTEM' && ['SignIn', 'SignOut', 'UserInfo'].includes(words.eventName)
    return saysWho && erased !== true ? [words.eventID] : []
  })
}

function eventsOf({ entries }: Life, visit: number): readonly string[] {
  return entries
    .filter(isStoredEvent)
    .flatMap((entry) => (entry.visit === visit && entry.erased !== true ? [entry.words.eventID] : []))
}
