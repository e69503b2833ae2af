/** Does one operation of a history in a world, as far as there is something to do it with. */
import { checkTrackBody } from '../../protocol/messages.ts'
import { ackOf } from '../../src/gateway/batches.ts'
import type { NewEntry } from '../../src/visitors/contract.ts'
import {
  type Browser,
  connect,
  deliverDown,
  deliverUp,
  lose,
  over,
  type Said,
  type Sent,
  send,
  type Tab,
} from './browser.ts'
import { answerOne, CONFIG } from './house.ts'
import { must } from './ledger.ts'
import type { Operation } from './operations.ts'
import {
  act,
  crash,
  deploy,
  forgetWhereOver,
  fresh,
  hearingOf,
  mustBeOnDisk,
  settle,
  startsOver,
  type World,
} from './world.ts'

/** Resolves when it is done, not when all that follows from it has happened. */
export async function perform(world: World, operation: Operation): Promise<void> {
  const { house, running } = world
  switch (operation.does) {
    case 'turns':
      return void house.time.turn()
    case 'diskGoesOn':
      return house.gates.shift()?.open()
    case 'diskFails':
      house.failsAtPut = operation.atPut
      return
    case 'flushFails':
      house.failsAtFlush = true
      return
    case 'erasesWithoutConsent':
      house.erasesWithoutConsent = true
      return crash(world, 0)
    case 'rulesAre':
      house.rulesVersion = operation.version
      return deployed(world, 0)
    case 'diskIsFull':
    case 'diskHasRoom':
      house.isFull = operation.does === 'diskIsFull'
      return
    case 'busAnswers':
      return void answerOne(house, operation.answer)
    case 'busBans':
      house.bansNext = true
      return
    case 'busIsAway':
    case 'busIsBack':
      return connectBus(world, operation.does === 'busIsBack')
    case 'passes':
      house.time.pass(operation.ms)
      return void house.time.turn()
    case 'ages':
      return age(world, operation.days)
    case 'wallJumps':
      world.hasJumped = true
      return house.time.setWall(operation.ms)
    case 'settles':
      return settle(world)
    case 'erasesPerson':
    case 'erasesDevice':
      return erase(world, operation)
    case 'delivers':
      return deliver(world, operation)
    case 'crashes':
      return crash(world, operation.awayMs)
    case 'isDeployed':
      return deployed(world, operation.awayMs)
    case 'connects':
    case 'says':
    case 'sends':
    case 'posts':
    case 'repeats':
    case 'reorders':
    case 'startsAnew':
    case 'isCut':
      return inTab(world, operation)
    default: {
      const globalVisitID = world.browsers[operation.browser]?.globalVisitID ?? ''
      const entry = entryOf(world, globalVisitID, operation)
      if (entry !== null && running.visitors.isKnown(globalVisitID)) act(world, globalVisitID, entry)
    }
  }
}

type InTab = Extract<Operation, { readonly tab: number }>

function inTab(world: World, operation: InTab): void {
  const browser = world.browsers[operation.browser]
  const tab = browser?.tabs[operation.tab]
  if (browser === undefined || tab === undefined) return
  switch (operation.does) {
    case 'connects':
      if (tab.wire === null) connects(world, tab, operation)
      return
    case 'says':
      return void tab.queue.push(eventOf(world, tab, operation))
    case 'sends':
      return sends(world, tab, operation.count)
    case 'posts':
      return post(world, tab, operation)
    case 'repeats': {
      const again = browser.acknowledged.at(-1)
      if (again !== undefined) tab.queue.push(again)
      return
    }
    case 'reorders':
      tab.queue.reverse()
      return
    case 'startsAnew':
      tab.visitID = `${browser.globalVisitID}-w${fresh(world)}`
      return
    case 'isCut':
      return cut(world, tab, operation.silently)
  }
}

export function connects(
  world: World,
  tab: Tab,
  { names, rightToken }: { readonly names: boolean; readonly rightToken: boolean },
): void {
  const { running, wires, house } = world
  // A token is wrong only where another is bound: the first is right by its being the first.
  const isBound = running.store.token(tab.browser.globalVisitID) !== null
  keepsToken(world, tab.browser.globalVisitID, isBound)
  const sentAt = house.time.wall() + tab.browser.skewMs
  const isRight = rightToken || !isBound
  const knewGone = world.observer.erasing.isGone(tab.browser.globalVisitID)
  const wire = connect(running.desk, tab, { names, rightToken: isRight, knewGone, sentAt })
  wires.push(wire)
  if (!isRight) world.strangers.add(wire)
}

/** P6: of who says nothing the token is forgotten after a day, and not long before. */
function keepsToken({ boundAt, house, observer }: World, globalVisitID: string, isBound: boolean): void {
  const since = house.time.uptime() - (boundAt.get(globalVisitID) ?? Number.NEGATIVE_INFINITY)
  const mayBeGone = since > DAY_MS / 2 || observer.erasing.isGone(globalVisitID)
  must(isBound || mayBeGone, 'P6', () => `the token of ${globalVisitID} is forgotten after ${since} ms`)
}

const DAY_MS = 24 * 60 * 60_000

export function sends(world: World, tab: Tab, count: number): void {
  const { wire } = tab
  const sent = send(tab, { count, now: world.house.time.wall() })
  if (sent !== null && wire !== null) world.ledger.sent(wire.globalVisitID, sent, wire)
}

function cut(world: World, tab: Tab, silently: boolean): void {
  const { wire } = tab
  if (wire === null) return
  lose(wire)
  // Silently: the server learns it by the pong that does not come.
  if (!silently) over(world.running.desk, wire)
  forgetWhereOver(world, wire)
}

function deliver(world: World, { pick, count }: { readonly pick: number; readonly count: number }): void {
  const { wires, running } = world
  const wire = wires[pick % Math.max(1, wires.length)]
  if (wire === undefined) return
  for (let index = 0; index < count; index += 1) {
    if (pick % 2 === 0 ? deliverUp(running.desk, wire) : deliverDown(running.desk, wire, hearingOf(world)))
      continue
    if (pick % 2 === 0) deliverDown(running.desk, wire, hearingOf(world))
    else deliverUp(running.desk, wire)
  }
  forgetWhereOver(world, wire)
}

function connectBus({ house }: World, connected: boolean): void {
  if (house.bus.isConnected() === connected) return
  if (!connected) for (const { answer } of house.unanswered.splice(0)) answer('unanswered')
  house.bus.setConnected(connected)
}

const SYSTEM = [
  'VisitStarted',
  'PageEntered',
  'PageExited',
  'SignIn',
  'SignOut',
  'UserInfo',
  'ConsentWithdrawn',
]

function eventOf(world: World, tab: Tab, said: Extract<Operation, { readonly does: 'says' }>): Said {
  const { name, person, page, consent, visitOf, namesVisit, agoMs } = said
  const count = fresh(world)
  const eventID = `ev${count}`
  const other = visitOf === null ? undefined : world.browsers[visitOf]?.tabs[0]
  // Only one that is theirs by now: whoever uses it first owns it (E9).
  const isTheirs = other !== undefined && world.running.store.name('visit', other.visitID) !== null
  const timestamp = world.house.time.wall() + tab.browser.skewMs - agoMs
  const data = {
    ...(person === null ? {} : { identityId: person, city: `city of ${eventID}` }),
    ...(consent ? { consent } : {}),
    ...(namesVisit && person === null ? { visitID: world.browsers[count % 3]?.tabs[0]?.visitID ?? '' } : {}),
  }
  const words = {
    eventType: SYSTEM.includes(name) ? 'SYSTEM' : 'BUSINESS',
    ...{ eventName: name, eventID, visitID: (isTheirs ? other : tab).visitID, pageID: page },
    ...{ timestamp, url: `https://shop.example/${eventID}`, data },
  }
  return { eventID, words, timestamp }
}

/** `POST /track` below its HTTP: admitted, prepared, recorded, acknowledged, as the gateway does it. */
function post(
  world: World,
  { browser, queue }: Tab,
  { count, final, answerIsLost }: Extract<Operation, { readonly does: 'posts' }>,
): void {
  const { running, house, ledger } = world
  const events = queue.slice(0, count)
  if (events.length === 0 || running.desk.isDraining) return
  const { globalVisitID, deviceToken } = browser
  const sentAt = house.time.wall() + browser.skewMs
  const sent: Sent = { id: 0, sentAt, events }
  ledger.sent(globalVisitID, sent, null)
  const body = checkTrackBody(
    {
      ...{ globalVisitID, deviceToken, sentAt, final, events: events.map(({ words }) => words) },
    },
    CONFIG,
    [],
  )
  const life = running
  const answered = posted(world, browser, { body, final }).then(
    (kept) => {
      if (answerIsLost || world.running !== life) return
      for (const { eventID } of kept) mustBeOnDisk(world, globalVisitID, eventID)
      ledger.acknowledged(
        globalVisitID,
        events.filter(({ eventID }) => kept.some((one) => one.eventID === eventID)),
      )
      for (const tab of browser.tabs) tab.queue = tab.queue.filter((said) => !events.includes(said))
    },
    (cause: unknown) => {
      if (!(cause instanceof Error) || cause.name !== 'StoreUnavailable') house.errors.push(String(cause))
      world.met.add('a lost commit')
    },
  )
  // What it broke is told at the next look.
  answered.catch((cause: unknown) => void house.errors.push(String(cause)))
}

async function posted(
  world: World,
  browser: Browser,
  { body, final }: { readonly body: ReturnType<typeof checkTrackBody>; readonly final: boolean },
): Promise<readonly { readonly eventID: string }[]> {
  const { desk } = world.running
  const { globalVisitID } = browser
  const admitted = await desk.admission.admit(body.hello, globalVisitID, desk.clock.uptime())
  if (admitted.is !== 'admitted') {
    if (world.observer.erasing.isGone(globalVisitID)) startsOver(world, browser, globalVisitID)
    return []
  }
  const speaker = { globalVisitID, languageCode: undefined, userAgent: null }
  const carriage = { sentAt: body.sentAt, via: 'http', final } as const
  const prepared = await desk.batches.prepare(body.events, { speaker, carriage }, desk.clock.now())
  const recorded = await desk.visitors.record(globalVisitID, prepared.entries)
  const refused = new Set(ackOf(0, prepared, recorded).rejected.map(({ eventID }) => eventID))
  return prepared.entries.map(({ words }) => words).filter(({ eventID }) => !refused.has(eventID))
}

type Acting = Exclude<
  Extract<Operation, { readonly browser: number }>,
  { readonly tab: number } | { readonly does: 'erasesDevice' }
>

/** What an agent, an engine or a rule says; null where there is nothing to say it about. */
function entryOf(
  { running, observer, undecided }: World,
  globalVisitID: string,
  acting: Acting,
): NewEntry | null {
  const view = running.visitors.view(globalVisitID)
  const seq = view?.seq ?? 0
  switch (acting.does) {
    case 'assumes':
    case 'answers': {
      const { person: identityId, confidence, back } = acting
      const assumed = { identityId, confidence, halfLifeMs: back === 0 ? 60_000 : null, evidence: null }
      const rule = { rule: 'guess', version: 1 }
      if (acting.does === 'assumes') return { type: 'assume', ...rule, ...assumed }
      const answer = back === 5 ? null : assumed
      return { type: 'rule.answered', ...rule, inputs: null, answer, basedOnSeq: Math.max(0, seq - back) }
    }
    case 'confirms':
    case 'rejects': {
      const { person: identityId, withSeq } = acting
      const who = acting.does === 'rejects' ? (view?.identityId ?? identityId) : identityId
      const type = acting.does === 'rejects' ? 'reject' : 'confirm'
      return { type, identityId: who, agentId: 'a1', ifSeq: withSeq ? seq : null }
    }
    case 'retracts': {
      // The oracle takes back the last verdict only: none may be on its way behind it.
      if ((undecided.get(globalVisitID) ?? 0) > 0) return null
      const verdictSeq = observer.oracles.get(globalVisitID)?.lastVerdict() ?? seq + 1
      return { type: 'retract', verdictSeq, agentId: 'a1' }
    }
    case 'engages':
      return { type: 'engage', engine: acting.engine, ttlMs: acting.ttlMs, purpose: 'chat' }
    case 'releases':
      return { type: 'release', leaseId: Math.max(0, (view?.lease?.leaseId ?? 0) - acting.back) }
    case 'tellsOutcome':
      return { type: 'notify.outcome', notifyId: 'n1', leaseId: null, outcome: 'handled' }
  }
}

/** Q7: after a deploy of at most a minute, browsers come back, and none of their visits was ended by it. */
async function deployed(world: World, awayMs: number): Promise<void> {
  world.met.add('a deploy')
  await settle(world)
  const { observer, running, browsers, house } = world
  observer.look(running)
  const online = browsers.flatMap(({ tabs }) => tabs.filter(({ wire }) => wire?.isWelcome === true))
  const open = openVisits(world).filter(([globalVisitID]) =>
    online.some(({ browser }) => browser.globalVisitID === globalVisitID),
  )
  await deploy(world, awayMs)
  house.time.pass(5_000)
  house.isFull = false
  for (const tab of online) {
    tab.visitID =
      open.find(([globalVisitID]) => globalVisitID === tab.browser.globalVisitID)?.[1] ?? tab.visitID
    connects(world, tab, { names: true, rightToken: true })
  }
  await settle(world)
  world.observer.look(world.running)
  for (const [globalVisitID, visitId, signedIn] of open) {
    if (observer.erasing.isGone(globalVisitID)) continue
    const visits = observer.oracles.get(globalVisitID)?.visit.visits ?? []
    const reason = visits.find((visit) => visit.visitId === visitId)?.reason
    must(reason !== 'closed', 'Q7', () => `the deploy ended ${visitId} of ${globalVisitID}`)
    const session = world.running.visitors.view(globalVisitID)?.session ?? null
    must(
      reason !== null || !signedIn || session !== null,
      'Q7',
      () => `the deploy signed ${globalVisitID} out`,
    )
  }
}

function openVisits({ running, browsers }: World): readonly (readonly [string, string, boolean])[] {
  return browsers.flatMap(({ globalVisitID }) => {
    const view = running.visitors.view(globalVisitID)
    if (view?.visit === null || view?.visit === undefined) return []
    return [[globalVisitID, view.visit.visitId, view.session !== null] as const]
  })
}

/** Asked over the History API, and not waited for: it is hidden when that answers. */
function erase(
  world: World,
  erasing: Extract<Operation, { readonly does: 'erasesPerson' | 'erasesDevice' }>,
): void {
  const { running, browsers, observer, house } = world
  const isPerson = erasing.does === 'erasesPerson'
  const name = isPerson ? erasing.person : (browsers[erasing.browser]?.globalVisitID ?? '')
  if (isPerson) observer.ruling.hides(name)
  const path = isPerson ? `/identities/${name}/erase` : `/visitors/${name}/erase`
  running.ask(path, {}).then(
    ({ status }) => {
      if (world.running !== running) return
      if (status === 404 || status === 503) return
      if (status !== 202) return void house.errors.push(`the erasure of ${name} is answered ${status}`)
      world.met.add(isPerson ? 'a person who was erased' : 'a device that was erased')
      const isBegun = observer.erasing.all().some((erased) => erased.name === name)
      if (!isBegun) house.errors.push(`Q12: ${name} is answered as erased, and no erasure has begun`)
    },
    (cause: unknown) => void house.errors.push(String(cause)),
  )
}

/** Hashes of ids stay for a month behind what was too old: no life is to be longer than they. */
const DAYS_MAX = 20

/** Days go by at once: deadlines are due, and retention has something to take. */
function age(world: World, days: number): void {
  const { house } = world
  if (world.aged + days > DAYS_MAX) return
  world.aged += days
  world.met.add('days that went by')
  house.time.pass(days * DAY_MS)
  house.time.turn()
}
