/** One simulated life: the server in its house, browsers around it, agents and engines, and who looks at all of it. */
import { setImmediate as nextTurn } from 'node:timers/promises'
import { drain } from '../../src/gateway/reception.ts'
import type { NewEntry } from '../../src/visitors/contract.ts'
import { findingsIn } from '../visitors/findings.ts'
import {
  type Browser,
  deliverDown,
  deliverUp,
  type Hearing,
  lose,
  over,
  type Tab,
  type Wire,
} from './browser.ts'
import { answerOne, type Broken, createHouse, type House, moved, type Running } from './house.ts'
import { createLedger, type Ledger, must, takeAck } from './ledger.ts'
import { createObserver, type Observer } from './observer.ts'
import { BROWSERS, TABS } from './operations.ts'

export interface World {
  readonly house: House
  readonly browsers: readonly Browser[]
  readonly ledger: Ledger
  readonly observer: Observer
  /** Every socket that somebody still believes in. */
  readonly wires: Wire[]
  running: Running
  /** Verdicts and retractions that are not answered yet, by visitor: a retraction must know what it takes back. */
  readonly undecided: Map<string, number>
  /** A departure of theirs may have been lost: nothing is sure until their stream goes on behind this seq with who is there. */
  readonly uncertain: Map<string, number>
  /** Sockets that said hello with a token that is not theirs. */
  readonly strangers: Set<Wire>
  /** When each visitor was welcome first, in uptime: its token is bound from then on. */
  readonly boundAt: Map<string, number>
  /** What this life met, by its name: lives that meet nothing prove nothing. */
  readonly met: Set<string>
  /** Somebody set the wall clock. */
  hasJumped: boolean
  counted: number
  /** Days that went by at once. */
  aged: number
}

export async function createWorld(broken: Broken): Promise<World> {
  const house = createHouse(broken)
  const ledger = createLedger()
  const observer = createObserver({
    ...{ disk: house.disk, bus: house.bus, ledger },
    isStill: () => isStill(house),
    erasesWithoutConsent: () => house.erasesWithoutConsent,
    rulesVersion: () => house.rulesVersion,
  })
  const running = await house.start(observer)
  return {
    ...{ house, ledger, observer, running, wires: [], hasJumped: false, counted: 0, aged: 0 },
    browsers: BROWSERS.map(newBrowser),
    undecided: new Map(),
    uncertain: new Map(),
    strangers: new Set(),
    boundAt: new Map(),
    met: new Set(),
  }
}

function newBrowser(globalVisitID: string, index: number): Browser {
  const tabs: Tab[] = []
  const deviceToken = String(index).repeat(32)
  const skewMs = [0, -5_000_000, 86_400_000][index] ?? 0
  const browser: Browser = { globalVisitID, deviceToken, tabs, skewMs, acknowledged: [] }
  for (let tab = 0; tab < TABS; tab += 1) {
    tabs.push({ browser, visitID: `${globalVisitID}-v${tab}`, wire: null, queue: [] })
  }
  return browser
}

/** A number that is new in this life. */
export function fresh(world: World): number {
  world.counted += 1
  return world.counted
}

/** What a browser hears of the server. */
export function hearingOf(world: World): Hearing {
  return {
    welcome(wire) {
      must(!world.strangers.has(wire), 'P6', () => 'a wrong token is welcome')
      const { globalVisitID, knewGone } = wire
      must(!knewGone, 'Q12: gone', () => `${globalVisitID} is erased, and its hello is welcome`)
      if (!world.boundAt.has(globalVisitID)) world.boundAt.set(globalVisitID, world.house.time.uptime())
    },
    acknowledged(wire, ack) {
      const { globalVisitID } = wire
      const { browser } = wire.tab
      const kept = takeAck(wire, ack)
      world.ledger.acknowledged(globalVisitID, kept)
      for (const { eventID } of kept) mustBeOnDisk(world, globalVisitID, eventID)
      const answered = new Set([
        ...kept.map(({ eventID }) => eventID),
        ...ack.rejected.map((one) => one.eventID),
      ])
      for (const tab of browser.tabs) tab.queue = tab.queue.filter(({ eventID }) => !answered.has(eventID))
      browser.acknowledged.push(...kept)
    },
    closed(wire, code) {
      if (code === 4001) doubts(world)
      const isGone = world.observer.erasing.isGone(wire.globalVisitID)
      must(code !== 4503 || !wire.isWelcome || isGone, 'P6', () => 'a welcome browser is called unauthorized')
      if (code === 4503 && isGone) startsOver(world, wire.tab.browser, wire.globalVisitID)
    },
  }
}

/** Q12: whose device was erased begins as a new one; what it had not said yet it says then. */
export function startsOver(world: World, browser: Browser, globalVisitID: string): void {
  if (browser.globalVisitID !== globalVisitID) return
  world.met.add('a device that begins anew')
  const count = fresh(world)
  browser.globalVisitID = `${globalVisitID.split('-')[0]}-${count}`
  browser.deviceToken = String(count).padStart(32, '0')
  browser.tabs.forEach((tab, index) => {
    tab.visitID = `${browser.globalVisitID}-v${index}`
  })
}

/** Who is connected may be otherwise than the streams say, from now on. */
export function doubts({ browsers, running, uncertain }: World): void {
  for (const { globalVisitID } of browsers) {
    uncertain.set(globalVisitID, running.visitors.view(globalVisitID)?.seq ?? 0)
  }
}

/** Q1: an ack means that the disk has it. */
export function mustBeOnDisk(world: World, globalVisitID: string, eventID: string): void {
  const { running, house, observer } = world
  // Q12: of an erased device nothing is left.
  if (observer.erasing.isGone(globalVisitID)) return
  // Not as it is read now: the erasure that hides it may be half way to the disk.
  const known = [...observer.erasing.lives.values()].find((life) => life.globalVisitID === globalVisitID)
  const number = known?.number ?? running.store.visitorNumber(globalVisitID)
  const key = `${String(number).padStart(16, '0')}\u0001${eventID}`
  must(
    house.disk.isFlushed('seen', key),
    'Q1',
    () => `${globalVisitID} ${eventID} is acknowledged before the disk has it`,
  )
}

/** Moves everything that can move without time passing, until nothing does. */
export async function settle(world: World): Promise<void> {
  const { house } = world
  for (let rounds = 0; ; rounds += 1) {
    must(rounds < 10_000, 'the server', () => 'never comes to rest')
    await nextTurn()
    const gate = house.gates.shift()
    gate?.open()
    const isAnswered = gate === undefined && answerOne(house, 'store')
    const hasMoved = house.time.turn() || deliverAll(world)
    if (gate === undefined && !isAnswered && !hasMoved) {
      await nextTurn()
      if (house.gates.length + house.unanswered.length === 0 && !house.time.turn()) return
    }
  }
}

function deliverAll(world: World): boolean {
  let hasMoved = false
  const hearing = hearingOf(world)
  for (const wire of [...world.wires]) {
    hasMoved = deliverUp(world.running.desk, wire) || hasMoved
    hasMoved = deliverDown(world.running.desk, wire, hearing) || hasMoved
    forgetWhereOver(world, wire)
  }
  return hasMoved
}

export function forgetWhereOver({ wires }: World, wire: Wire): void {
  if (wire.isOver && wire.isGone) wires.splice(wires.indexOf(wire), 1)
}

/** Something that an agent, an engine or a rule does; its answer is held against the stream. */
export function act(world: World, globalVisitID: string, entry: NewEntry): void {
  const { running, undecided, ledger } = world
  undecided.set(globalVisitID, (undecided.get(globalVisitID) ?? 0) + 1)
  const decided = (): void => void undecided.set(globalVisitID, (undecided.get(globalVisitID) ?? 1) - 1)
  running.visitors.record(globalVisitID, [entry]).then(
    ({ outcomes }) => {
      decided()
      const [outcome] = outcomes
      if (outcome?.is !== 'kept') return
      ledger.kept(globalVisitID, outcome.seq, entry.type)
      if (entry.type === 'retract' && outcome.answer?.applied === true) world.met.add('a verdict taken back')
    },
    () => {
      decided()
      world.met.add('a lost commit')
    },
  )
}

/** The process dies where it stands, and the power with it; then it is started again. */
export async function crash(world: World, awayMs: number): Promise<void> {
  const { house, running, wires } = world
  for (const { phase } of house.gates.slice(0, 1)) {
    world.met.add(`a crash at ${phase}`)
    if (isErasing(world)) world.met.add(`an erasure that crashed at ${phase}`)
  }
  running.die()
  house.disk.losePower()
  for (const wire of wires.splice(0)) {
    wire.isOver = true
    lose(wire)
  }
  await startAgain(world, awayMs)
}

/** Q6, Q7: it stops in order, and nobody departs by it; then it is started again. */
export async function deploy(world: World, awayMs: number): Promise<void> {
  const { house, running } = world
  let isDrained = false
  const draining = drain(running.desk).then(() => {
    isDrained = true
  })
  for (let rounds = 0; !isDrained && rounds < 100; rounds += 1) await settle(world)
  await draining
  await moved(house, running.endUpkeep())
  await moved(house, running.retention.close())
  await moved(house, running.erasures.close())
  await moved(house, running.rules.close())
  await moved(house, running.relay.close(0))
  await moved(house, running.visitors.close())
  await moved(house, running.store.close())
  running.die()
  for (const wire of world.wires.splice(0)) {
    over(running.desk, wire)
    lose(wire)
  }
  world.observer.look(running)
  await startAgain(world, awayMs)
}

async function startAgain(world: World, awayMs: number): Promise<void> {
  const { house, observer } = world
  house.time.pass(awayMs)
  house.failsAtPut = 0
  house.failsAtFlush = false
  world.undecided.clear()
  doubts(world)
  world.running = await house.start(observer)
  observer.look(world.running)
  provesFolder(world)
}

/** No transaction is seen by readers and not on disk, or on disk and told to nobody. */
function isStill({ gates, isTorn }: House): boolean {
  return !isTorn && gates.every(({ phase }) => phase === 'put')
}

/** An erasure is half way on the disk. */
export function isErasing({ running }: World): boolean {
  return running.store.erasures().some(({ finishedAt }) => finishedAt === 0)
}

/** Replay = live, lists = streams, no gap: what `vestibule verify` proves of a folder. */
export function provesFolder(world: World): void {
  const { running, house } = world
  // It is proven when nothing is half way.
  if (isErasing(world) || !isStill(house)) return
  const [first] = findingsIn(running.store)
  must(first === undefined, 'Q1: verify', () => String(first))
}
