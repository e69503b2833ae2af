/** The whole server in memory: its rooms over a disk, a network and a bus that are moved by hand. */
import { setImmediate as nextTurn } from 'node:timers/promises'
import { DEFAULT_SETTINGS, type Settings } from '../../machines/entries.ts'
import { normalizeIdentityId } from '../../protocol/events.ts'
import type { Bus } from '../../src/bus/bus.ts'
import { type Relay, startRelay } from '../../src/bus/relay.ts'
import { type Config, defaultConfig } from '../../src/config.ts'
import { type ConsentParts, eraseWithoutConsent } from '../../src/erasure/consent.ts'
import type { ErasureParts, Erasures } from '../../src/erasure/contract.ts'
import { startErasures } from '../../src/erasure/erasures.ts'
import type { Desk } from '../../src/gateway/desk.ts'
import { createDesk } from '../../src/gateway/reception.ts'
import { SWEEP_MS, sweep } from '../../src/gateway/sweep.ts'
import { startUpkeep, type UpkeepParts } from '../../src/operating/upkeep.ts'
import type { Retention, RetentionParts } from '../../src/retention/contract.ts'
import { startRetention } from '../../src/retention/retention.ts'
import { type Rules, type RulesOptions, startRules } from '../../src/rules/rules.ts'
import type { Store } from '../../src/store/contract.ts'
import { createClock } from '../../src/visitors/clock.ts'
import type { Committed, Visitors } from '../../src/visitors/contract.ts'
import type { Timing } from '../../src/visitors/timing.ts'
import { type ErasingVisitors, type OpenVisitors, openVisitors } from '../../src/visitors/visitors.ts'
import { type Answer, createMemoryBus, type MemoryBus } from '../bus/memory-bus.ts'
import { createMemoryDisk, type MemoryDisk } from '../contract/memory-disk.ts'
import { openMemoryStore, type Phase } from '../contract/memory-store.ts'
import { type Answer as Answered, openHistory } from './history.ts'
import { createSimulatedCrew } from './ruling.ts'
import { createTimetable, type Timetable } from './timetable.ts'

/** What of the server is broken on purpose; nothing, but for the proof that it would be found. */
export interface Broken {
  readonly settings?: Partial<Settings>
  readonly store?: (store: Store) => Store
  readonly disk?: (disk: MemoryDisk) => MemoryDisk
  /** As the gateway sees them. */
  readonly visitors?: (visitors: OpenVisitors) => Visitors
  readonly desk?: (desk: Desk) => void
  /** As erasures see them. */
  readonly erasing?: (visitors: ErasingVisitors) => ErasingVisitors
  /** As History sees it. */
  readonly historyStore?: (store: Store) => Store
  readonly retention?: (parts: RetentionParts) => RetentionParts
  readonly upkeep?: (parts: UpkeepParts) => UpkeepParts
  readonly consent?: (parts: ConsentParts) => ConsentParts
  /** As the relay sees it. */
  readonly relayStore?: (store: Store) => Store
  /** As the rules see them. */
  readonly rules?: (visitors: OpenVisitors) => OpenVisitors
  /** Changes the machine's own rules; the result puts them back. */
  readonly machine?: () => () => void
}

/** Everything of one running server. */
export interface Running {
  readonly store: Store
  readonly visitors: OpenVisitors
  readonly desk: Desk
  readonly relay: Relay
  readonly erasures: Erasures
  readonly retention: Retention
  readonly rules: Rules
  /** Ends what stops before erasures do. */
  readonly endUpkeep: () => Promise<void>
  readonly now: () => number
  /** Asks the History API, through its own handlers. */
  readonly ask: (path: string, body?: unknown) => Promise<Answered>
  /** Its own timers and answers are gone from now on. */
  readonly die: () => void
}

interface Gate {
  readonly phase: Phase
  readonly open: () => void
}

interface Unanswered {
  readonly messageId: string
  readonly answer: (answer: Answer) => void
}

/** Answers the oldest message: as asked, but that it will never have what it banned. */
export function answerOne({ unanswered, banned }: House, answer: Answer): boolean {
  const oldest = unanswered.shift()
  oldest?.answer(banned.has(oldest.messageId) ? 'refusedForGood' : answer)
  return oldest !== undefined
}

/** The world around the server: what outlives it. */
export interface House {
  readonly time: Timetable
  readonly disk: MemoryDisk
  readonly bus: MemoryBus
  /** Transactions that wait to go on, oldest first. */
  readonly gates: Gate[]
  /** Messages that the bus has not answered, oldest first. */
  readonly unanswered: Unanswered[]
  /** Messages that the bus will never take. */
  readonly banned: Set<string>
  bansNext: boolean
  /** The transaction that fails, by the count of its put; 0 = none. */
  failsAtPut: number
  /** The next transaction fails when it is flushed. */
  failsAtFlush: boolean
  /** One did, and is seen by readers; on disk it is with the first that succeeds. */
  isTorn: boolean
  isFull: boolean
  /** From the next start on a device whose consent is withdrawn is erased. */
  erasesWithoutConsent: boolean
  /** Which rules are in force from the next start on; 0 = none. */
  rulesVersion: number
  readonly errors: string[]
  readonly warnings: string[]
  /** Names of erasures that were given out. */
  erasuresNamed: number
  readonly start: (hearing: Hearing) => Promise<Running>
}

/** Who looks at what is on disk: at the start, and at each commit. */
export interface Hearing {
  readonly opens: (store: Store, now: number) => void
  readonly told: (store: Store, committed: Committed, now: number) => void
}

export const CONFIG: Config = {
  ...defaultConfig(),
  natsUrl: 'nats://127.0.0.1:1',
  natsJetstream: 'on',
  natsFrom: '1',
  eventsPerSecond: 100_000,
  eventsBurst: 100_000,
  arrivalsPerTurn: 2,
  drainMs: 50,
}

const DAY_MS = 24 * 60 * 60_000
/** What is older goes; what is of those who were nobody and left at once goes sooner. */
export const KEEP_MS = 2 * DAY_MS
export const SHORT_KEEP_MS = DAY_MS

/** Changes are read again for so long, and messages are remembered; the stream forgets them a little sooner. */
const LIVE_KEEP_MS = 10 * 60_000
const SENT_KEEP_MS = 4 * DAY_MS
const STREAM_AGE_MS = 3 * DAY_MS

/** Small, so that limits are met. */
const LIMITS = {
  sleepAfterMs: 60_000,
  awakeMax: 2,
  waitingEntries: 12,
  commitEntries: 5,
  commitBytes: 1024 * 1024,
  profileKeys: 100,
}

export function createHouse(broken: Broken): House {
  const house: House = {
    time: createTimetable(),
    disk: broken.disk?.(createMemoryDisk()) ?? createMemoryDisk(),
    bus: createMemoryBus(),
    gates: [],
    unanswered: [],
    banned: new Set(),
    bansNext: false,
    failsAtPut: 0,
    failsAtFlush: false,
    isTorn: false,
    isFull: false,
    erasesWithoutConsent: false,
    rulesVersion: 0,
    errors: [],
    warnings: [],
    erasuresNamed: 0,
    start: (hearing) => start(house, broken, hearing),
  }
  const publishedAt = new Map<string, number>()
  house.time.process().timing.every(60_000, () => ageStream(house, publishedAt))
  house.bus.answer = ({ messageId }) => {
    if (!publishedAt.has(messageId)) publishedAt.set(messageId, house.time.uptime())
    if (house.bansNext) house.banned.add(messageId)
    house.bansNext = false
    return new Promise((answer) => void house.unanswered.push({ messageId, answer }))
  }
  return house
}

/** The stream's own maximum age: what is older is in it no more. */
function ageStream({ bus, time }: House, publishedAt: ReadonlyMap<string, number>): void {
  const old = bus.stored
    .map(({ messageId }, index) => ({ messageId, seq: index + 1 }))
    .filter(({ messageId }) => time.uptime() - (publishedAt.get(messageId) ?? 0) > STREAM_AGE_MS)
  // It is the server that may be out of reach, not the stream.
  if (bus.isConnected()) void bus.deleteMessages(old)
}

async function start(house: House, broken: Broken, hearing: Hearing): Promise<Running> {
  const { time, disk } = house
  const life = { isOver: false }
  house.isTorn = false
  const { timing, end } = time.process()
  const opened = openMemoryStore({
    disk,
    pass: (phase) => {
      // Nothing of a dead server goes on, and nothing is kept that waits for it.
      return new Promise((open) => void (life.isOver || house.gates.push({ phase, open })))
    },
    beforePut: (_table, count) => failOnPurpose(house, count),
    beforeFlush: () => tearOnPurpose(house),
    later: (tryAgain) =>
      void timing.after(250, () => {
        tryAgain()
        house.isTorn &&= house.isFull
      }),
    trouble: () => (house.isFull ? 'no space is left on this disk' : null),
  })
  const store = broken.store?.(opened) ?? opened
  const sources = { wall: time.wall, monotonic: time.uptime }
  const clock = createClock(store.lastAt(), sources)
  hearing.opens(store, clock.now())
  const settings = { ...DEFAULT_SETTINGS, ...broken.settings }
  const log = quietLog(house)
  const opening = openVisitors({
    store,
    settings,
    clock,
    timing,
    log,
    limits: LIMITS,
    publishEvents: ['AddToCart'],
  })
  const visitors = await moved(house, opening)
  visitors.onCommitted((committed) => hearing.told(store, committed, clock.now()))
  let relay: Relay | null = null
  const messages = (): Relay => relay ?? notYet()
  const parts = { store, visitors, log, timing, now: clock.now, messages }
  const { erasures, retention, endUpkeep } = startForgetting(house, broken, parts)
  const rules = await moved(house, startSimulatedRules(house, broken, parts))
  relay = await moved(
    house,
    startRelay({
      ...{ store: broken.relayStore?.(store) ?? store, config: CONFIG, log, timing, now: clock.now },
      onCommitted: visitors.onCommitted,
      bus: busOf(house.bus, life),
    }),
  )
  const deskClock = { now: clock.now, uptime: time.uptime }
  const desk = createDesk({
    visitors: broken.visitors?.(visitors) ?? visitors,
    config: CONFIG,
    clock: deskClock,
    log,
    soon: timing.soon,
  })
  broken.desk?.(desk)
  visitors.onCommitted((committed) => desk.presence.committed(committed))
  timing.every(SWEEP_MS, () => sweep(desk))
  const die = (): void => {
    life.isOver = true
    house.gates.length = 0
    house.unanswered.length = 0
    end()
  }
  const ask = await moved(
    house,
    openHistory({
      ...{ store: broken.historyStore?.(store) ?? store, visitors, erasures, desk, now: clock.now },
      error: (told) => void house.errors.push(told),
    }),
  )
  return { store, visitors, desk, relay, erasures, retention, rules, endUpkeep, now: clock.now, ask, die }
}

interface ForgettingParts extends Pick<ErasureParts, 'store' | 'log' | 'now' | 'messages'> {
  readonly visitors: OpenVisitors
  readonly timing: Timing
}

/** As the server puts it together. */
function startForgetting(
  house: House,
  broken: Broken,
  { visitors, ...parts }: ForgettingParts,
): Pick<Running, 'erasures' | 'retention' | 'endUpkeep'> {
  const { states } = visitors
  const erasures = startErasures({
    ...parts,
    visitors: broken.erasing?.(visitors.erasing) ?? visitors.erasing,
    newId: () => erasureName(house),
  })
  const aging: RetentionParts = {
    ...{ ...parts, erasures, visitors: { ...visitors.erasing, states } },
    visitIdleMs: DEFAULT_SETTINGS.visitIdleMs,
    publishedTo: parts.store.relayMark,
    keepMs: KEEP_MS,
    shortKeepMs: SHORT_KEEP_MS,
  }
  const { store, log, now, timing } = parts
  const { onSaid } = visitors
  const upkeep: UpkeepParts = {
    ...{ store, log, now, every: timing.every, isPublishing: true },
    liveKeepMs: LIVE_KEEP_MS,
    sentKeepMs: SENT_KEEP_MS,
  }
  const end = startUpkeep(broken.upkeep?.(upkeep) ?? upkeep)
  const consent: ConsentParts = { store, log, timing, onSaid, begin: erasures.begin }
  const erasing = house.erasesWithoutConsent
    ? eraseWithoutConsent(broken.consent?.(consent) ?? consent)
    : null
  return {
    erasures,
    retention: startRetention(broken.retention?.(aging) ?? aging),
    endUpkeep: async () => {
      await end()
      await erasing?.close()
    },
  }
}

interface RulingParts extends Pick<RulesOptions, 'store' | 'now' | 'log'> {
  readonly visitors: OpenVisitors
  readonly timing: Timing
}

function startSimulatedRules(
  house: House,
  broken: Broken,
  { store, visitors, log, timing, now }: RulingParts,
): Promise<Rules> {
  const version = house.rulesVersion
  return startRules({
    ...{ store, log, timing, now, visitors: broken.rules?.(visitors) ?? visitors },
    ...{ items: version === 0 ? [] : ['simulated'], ruleMs: 50, memoryMb: 1, provenOnly: false },
    waitingMax: 1_000,
    floor: { precision: 0.5, afterDecisions: 2 },
    toIdentityId: normalizeIdentityId,
    crewOf: async () => createSimulatedCrew(version, timing),
  })
}

/** In no order: after a start the jobs may be taken up in another one. */
function erasureName(house: House): string {
  house.erasuresNamed += 1
  return `erasure-${(house.erasuresNamed * 7_919) % 1_000}-${house.erasuresNamed}`
}

function notYet(): never {
  throw new Error('the relay has not started yet')
}

/** What a promise comes to while the disk goes on by itself. */
export async function moved<T>(house: House, promise: Promise<T>): Promise<T> {
  const state = { isOver: false }
  const over = promise.finally(() => {
    state.isOver = true
  })
  over.catch(() => {})
  for (let turns = 0; !state.isOver; turns += 1) {
    if (turns > 1_000) throw new Error('the server hangs: what it waits for does not come')
    // Some wait a few ms and look again.
    if (turns > 50) house.time.pass(1)
    await nextTurn()
    house.gates.shift()?.open()
    house.time.turn()
  }
  return over
}

function failOnPurpose(house: House, count: number): void {
  if (house.failsAtPut === 0 || count !== house.failsAtPut) return
  house.failsAtPut = 0
  throw new Error('a put failed on purpose')
}

function tearOnPurpose(house: House): void {
  if (!house.failsAtFlush) return
  Object.assign(house, { failsAtFlush: false, isTorn: true })
  throw new Error('a flush failed on purpose')
}

/** The bus as one server sees it: once that is dead nothing reaches it. */
function busOf(bus: MemoryBus, life: { readonly isOver: boolean }): Bus {
  const whileAlive = <A, T>(ask: (asked: A) => Promise<T>) => {
    return (asked: A) => (life.isOver ? new Promise<T>(() => {}) : ask(asked))
  }
  return {
    ...bus,
    publish: whileAlive(bus.publish),
    lastOn: whileAlive(bus.lastOn),
    sequenceOf: whileAlive(bus.sequenceOf),
    onConnection: (listener) =>
      bus.onConnection((connected) => {
        if (!life.isOver) listener(connected)
      }),
  }
}

/** Faults of ours are findings; a disk that is full, or a bus that refuses, is none. */
function quietLog({ errors, warnings }: House) {
  return {
    info: () => {},
    warn: (_fields: object, message: string) => void warnings.push(message),
    error: (fields: object, message: string) => {
      const cause = 'err' in fields ? fields.err : null
      if (cause instanceof Error && cause.name === 'StoreUnavailable') return
      if (message.startsWith('a change was refused for good')) return
      errors.push(`${message} ${cause instanceof Error ? (cause.stack ?? cause.message) : ''}`)
    },
  }
}
