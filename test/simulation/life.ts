/** Lives a history from its beginning to its end; what it breaks, or null. */
import { setImmediate as nextTurn } from 'node:timers/promises'
import { provesNobodyIsLeft, provesNothingIsLeft } from './aging.ts'
import { provesHistory } from './asking.ts'
import { connects, perform, sends } from './doing.ts'
import { noMessageNames } from './erased.ts'
import { type Broken, KEEP_MS, moved, SHORT_KEEP_MS } from './house.ts'
import { Broke, must } from './ledger.ts'
import { type Operation, TABS } from './operations.ts'
import { provesPresence } from './presence.ts'
import { GUESS } from './ruling.ts'
import { createWorld, doubts, fresh, provesFolder, settle, type World } from './world.ts'

export interface Lived {
  /** What was broken first; null = nothing. */
  readonly failure: string | null
  readonly steps: number
  /** What it met: `a crash at flush`, `a visit that ended closed`... */
  readonly met: ReadonlySet<string>
}

/** Lives it. Throws only where the simulation itself is wrong. */
export async function live(history: readonly Operation[], broken: Broken = {}): Promise<Lived> {
  const mend = broken.machine?.() ?? (() => {})
  let steps = 0
  let world: World | null = null
  try {
    world = await createWorld(broken)
    for (const operation of history) {
      await perform(world, operation)
      await nextTurn()
      steps += 1
      looks(world)
      if (world.house.isTorn) world.met.add('a commit that failed at its flush')
      // What readers see then is more than anybody was told.
      if (operation.does !== 'settles' || world.house.isTorn) continue
      provesPresence(world)
      provesRules(world)
      await provesHistory(world, steps)
    }
    await ends(world)
    return { failure: null, steps, met: meetings(world) }
  } catch (cause) {
    const failure = cause instanceof Broke ? cause.message : `a throw: ${said(cause)}`
    return { failure, steps, met: world === null ? new Set() : meetings(world) }
  } finally {
    world?.running.die()
    mend()
  }
}

function meetings({ met, observer }: World): ReadonlySet<string> {
  if (observer.ruling.answered() > 0) met.add('a rule that answered')
  for (const { visit, identity } of observer.oracles.values()) {
    for (const { reason } of visit.visits) if (reason !== null) met.add(`a visit that ended ${reason}`)
    for (const contact of identity.contacts) met.add(`somebody known by ${contact.split(' ').at(-1)}`)
  }
  return met
}

function said(cause: unknown): string {
  return cause instanceof Error ? (cause.stack ?? cause.message) : String(cause)
}

function looks(world: World): void {
  world.observer.look(world.running)
  const warnings = world.house.warnings.splice(0)
  if (warnings.some((warning) => warning.startsWith('a departure was not kept'))) doubts(world)
  if (warnings.some((warning) => warning.startsWith('answers of rules could not')))
    world.observer.ruling.doubts()
  must(world.house.errors.length === 0, 'an error is logged', () => world.house.errors[0] ?? '')
}

function provesRules({ observer, running, met }: World): void {
  const standing = running.rules.inForce().find(({ name, from }) => name === GUESS && from !== null)
  if (standing?.state === 'paused') {
    met.add('a rule that paused itself')
    observer.ruling.isPaused()
  }
  if (standing?.state === 'running') observer.ruling.provesAsked()
}

/** Everything heals; then all that was promised must be so. */
async function ends(world: World): Promise<void> {
  const { house, browsers, observer, ledger } = world
  house.isFull = false
  house.failsAtPut = 0
  house.failsAtFlush = false
  if (!house.bus.isConnected()) house.bus.setConnected(true)
  await rests(world)
  if (world.hasJumped) await setsClock(world)
  // Whose device is erased, or is now by what they had still to say, hears of it at a hello, and says another.
  for (let hellos = 0; hellos < 2; hellos += 1) {
    for (const browser of browsers) {
      for (const tab of browser.tabs)
        if (tab.wire === null) connects(world, tab, { names: false, rightToken: true })
    }
    await rests(world)
    for (const tab of browsers.flatMap(({ tabs }) => tabs)) sends(world, tab, 1_000)
    await rests(world)
  }
  // Q7: a visit that had lasted its longest when the server started ends now, not while they come to agree.
  for (let waited = 0; world.aged > 0 && waited < 100; waited += 20) {
    world.house.time.pass(20_000)
    await settle(world)
  }
  await converges(world)
  await rests(world)
  provesPresence(world)
  await provesHistory(world, null)
  const missing = ledger.missing()
  must(missing.length === 0, 'Q1', () => `${missing[0]}, and is in no stream`)
  const { store } = world.running
  if (store.dead({ limit: 1 }).length > 0) world.met.add('a change that was given up')
  const unpublished = observer.unpublished(store)
  must(
    unpublished.length === 0,
    'B2',
    () => `${unpublished.length} changes, as ${unpublished[0]}, are not published`,
  )
  isErased(world)
  for (const globalVisitID of observer.withdrawn) {
    must(
      observer.erasing.isGone(globalVisitID),
      'V11: erased',
      () => `${globalVisitID} withdrew consent, and is kept`,
    )
    world.met.add('a device that was erased without consent')
  }
  await everybodyLeaves(world)
  provesFolder(world)
  await growsOld(world)
  await moved(house, world.running.visitors.close())
}

/** Q12: everything heals, so no erasure is under way, and what is erased stays so. */
function isErased({ observer, running, house }: World): void {
  for (const erased of observer.erasing.all()) {
    must(erased.isDone, 'Q12: done', () => `the erasure of ${erased.name} is never done`)
    noMessageNames(erased, house.bus, observer.erasing.isPseudonym)
    if (erased.kind === 'device') {
      must(running.store.visitorNumber(erased.name) === 0, 'Q12: gone', () => `${erased.name} is there again`)
    }
  }
}

/** E4: while the wall clock is behind what is stored time stands still; it is set right, and the server starts anew. */
async function setsClock(world: World): Promise<void> {
  const { time } = world.house
  time.setWall(Math.max(0, world.running.store.lastAt() - time.wall()))
  await perform(world, { does: 'crashes', awayMs: 0 })
  await rests(world)
}

/** Time enough for every retry, and rest. */
async function rests(world: World): Promise<void> {
  for (let round = 0; round < (world.house.banned.size === 0 ? 4 : 12); round += 1) {
    world.house.time.pass(6_000)
    await settle(world)
    looks(world)
  }
}

/** Two tabs that disagree come to agree: both say something until nobody has to be told. */
async function converges(world: World): Promise<void> {
  for (let round = 0; round < 3; round += 1) {
    for (const { tabs } of world.browsers) {
      for (const tab of tabs) {
        world.house.time.pass(1_000)
        speaks(world, tab)
        sends(world, tab, 1_000)
        await settle(world)
      }
    }
  }
  looks(world)
  for (const { globalVisitID, tabs } of world.browsers) {
    const visitId = world.running.visitors.view(globalVisitID)?.visit?.visitId
    const named = tabs.map(({ visitID }) => visitID)
    const agree = visitId !== undefined && named.length === TABS && named.every((name) => name === visitId)
    must(agree, 'two tabs converge', () => `${globalVisitID}: ${named.join(', ')} where ${visitId} is open`)
  }
}

function speaks(world: World, { visitID, queue, browser }: World['browsers'][number]['tabs'][number]): void {
  const timestamp = world.house.time.wall() + browser.skewMs
  const eventID = `ev${fresh(world)}`
  const words = {
    ...{ eventType: 'SYSTEM', eventName: 'VisitStarted', eventID, visitID, pageID: 'p1', timestamp },
    ...{ url: `https://shop.example/${eventID}`, data: { consent: true } },
  }
  queue.push({ eventID, words, timestamp })
}

/** Everybody's sockets are cut: every visit ends by its deadline, without a word from anybody. */
async function everybodyLeaves(world: World): Promise<void> {
  for (const wire of [...world.wires]) {
    await perform(world, {
      does: 'isCut',
      browser: world.browsers.indexOf(wire.tab.browser),
      tab: wire.tab.browser.tabs.indexOf(wire.tab),
      silently: false,
    })
  }
  await rests(world)
  for (const ms of [100_000, 31 * 60_000, 1_000]) {
    world.house.time.pass(ms)
    await settle(world)
  }
  await rests(world)
  for (const { globalVisitID } of world.browsers) {
    const open = world.observer.oracles.get(globalVisitID)?.visit.open ?? null
    must(open === null, 'V5, V6', () => `${globalVisitID} left, and its visit never ended`)
  }
}

const DAY_MS = 24 * 60 * 60_000
/** Retention looks once an hour, and some of what it takes waits for what else it took. */
const ROUNDS = 3

/** Q12: days go by, and nothing of anybody is kept but hashes; a month, and nobody is left. */
async function growsOld(world: World): Promise<void> {
  // P6: whoever says hello and nothing else is forgotten by the upkeep, after a day.
  await moved(world.house, world.running.visitors.admit('who-says-nothing', new Uint8Array(32)))
  const words = new Set(world.observer.erasing.words())
  await passesDays(world, (KEEP_MS + SHORT_KEEP_MS) / DAY_MS)
  provesNothingIsLeft(world, words)
  provesFolder(world)
  await passesDays(world, 31)
  provesNobodyIsLeft(world)
  provesFolder(world)
}

async function passesDays(world: World, days: number): Promise<void> {
  for (const ms of [days * DAY_MS, ...Array.from({ length: ROUNDS }, () => DAY_MS / 24)]) {
    world.house.time.pass(ms)
    await settle(world)
    looks(world)
  }
}
