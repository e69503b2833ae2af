/** The actors' room over a real store in a folder of its own, with a clock driven by hand: for tests. */
import { DEFAULT_SETTINGS, type Settings } from '../../machines/entries.ts'
import type { Store } from '../../src/store/contract.ts'
import { openStore, type StoreOptions } from '../../src/store/store.ts'
import { createClock } from '../../src/visitors/clock.ts'
import type { Committed, NewEntry, NewEvent, Outcome, Recorded } from '../../src/visitors/contract.ts'
import { type OpenVisitors, openVisitors, type VisitorsLimits } from '../../src/visitors/visitors.ts'
import { tempFolder } from '../helpers/temp-folder.ts'

/** A Monday morning; what it is does not matter. */
export const MORNING = 1_760_000_000_000
export const SECOND = 1_000
export const MINUTE = 60 * SECOND
export const HOUR = 60 * MINUTE

export const LIMITS: VisitorsLimits = {
  sleepAfterMs: MINUTE,
  awakeMax: 1_000,
  waitingEntries: 1_000,
  commitEntries: 500,
  commitBytes: 1024 * 1024,
  profileKeys: 100,
}

export interface RoomOptions {
  readonly settings?: Partial<Settings>
  /** All settings, as this object: for one whose fields do something. */
  readonly allSettings?: Settings
  readonly limits?: Partial<VisitorsLimits>
  readonly publishEvents?: readonly string[]
  readonly beforePut?: StoreOptions['beforePut']
  readonly beforeFlushed?: StoreOptions['beforeFlushed']
  /** Looks at the store, or changes it, before the visitors open it. */
  readonly prepare?: (store: Store) => Promise<void> | void
}

export interface Logged {
  readonly level: 'warn' | 'error'
  readonly fields: Readonly<Record<string, unknown>>
  readonly message: string
}

/** What a test may say of an event; the rest is made up. */
export interface Words {
  readonly visit?: string
  readonly page?: string
  readonly eventID?: string
  readonly agoMs?: number
  readonly via?: NewEvent['via']
  readonly final?: boolean
  readonly proven?: boolean
  readonly identityId?: string | null
  readonly namesVisit?: NewEvent['namesVisit']
  readonly userAgent?: NewEvent['userAgent']
  readonly data?: Readonly<Record<string, unknown>>
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

let eventCount = 0

/** An event as the gateway hands it in; its eventID is a new one unless it is given. */
export function event(eventName: string, words: Words = {}): NewEvent {
  eventCount += 1
  return {
    type: 'event',
    words: {
      eventType: SYSTEM.includes(eventName) ? 'SYSTEM' : 'BUSINESS',
      eventName,
      eventID: words.eventID ?? `event-${eventCount}`,
      visitID: words.visit ?? 'v1',
      pageID: words.page ?? 'p1',
      timestamp: MORNING - (words.agoMs ?? 0),
      url: 'https://shop.example/',
      data: words.data ?? {},
    },
    ageMs: words.agoMs ?? 0,
    via: words.via ?? 'socket',
    final: words.final ?? false,
    proven: words.proven ?? false,
    identityId: words.identityId ?? null,
    namesVisit: words.namesVisit ?? null,
    userAgent: words.userAgent ?? null,
  }
}

export const came = (visitId = 'v1'): NewEntry => ({ type: 'presence.came', visitId })
export const went = (visitId = 'v1'): NewEntry => ({ type: 'presence.went', visitId })
export const signIn = (identityId: string, words: Words = {}): NewEvent =>
  event('SignIn', { identityId, data: { identityId }, ...words })

export type TestRoom = Awaited<ReturnType<typeof openRoom>>

/** Opens a room in a new folder. Everything in it can be stopped and started again, over the same folder and clock. */
export async function openRoom(options: RoomOptions = {}) {
  const folder = tempFolder()
  const hands = { wall: MORNING, monotonic: 0 }
  const logged: Logged[] = []
  const committed: Committed[] = []
  let given = options
  let opened = await open(folder.path, { options, hands, logged, committed })

  const record = (globalVisitID: string, ...entries: NewEntry[]): Promise<Recorded> =>
    opened.visitors.record(globalVisitID, entries)

  const close = async (): Promise<void> => {
    await opened.visitors.close()
    await opened.store.close()
  }

  const start = async (changed: RoomOptions = {}): Promise<void> => {
    given = { ...given, ...changed }
    opened = await open(folder.path, { options: given, hands, logged, committed })
  }

  return {
    path: folder.path,
    hands,
    logged,
    committed,
    get store(): Store {
      return opened.store
    },
    get visitors(): OpenVisitors {
      return opened.visitors
    },
    record,
    /** What became of one entry. */
    async one(globalVisitID: string, entry: NewEntry): Promise<Outcome> {
      const { outcomes } = await record(globalVisitID, entry)
      const [outcome] = outcomes
      if (outcome === undefined) throw new Error('no outcome')
      return outcome
    },
    /** An event of its own. */
    says: (globalVisitID: string, eventName: string, words: Words = {}): Promise<Recorded> =>
      record(globalVisitID, event(eventName, words)),
    /** Time goes by on both clocks. */
    passes(ms: number): void {
      hands.wall += ms
      hands.monotonic += ms
    },
    close,
    remove: folder.remove,
    start,
    async restart(changed: RoomOptions & { readonly awayMs?: number } = {}): Promise<void> {
      await close()
      hands.wall += changed.awayMs ?? 0
      hands.monotonic += changed.awayMs ?? 0
      await start(changed)
    },
    async end(): Promise<void> {
      await close()
      folder.remove()
    },
  }
}

interface Opening {
  readonly options: RoomOptions
  readonly hands: { wall: number; monotonic: number }
  readonly logged: Logged[]
  readonly committed: Committed[]
}

async function open(path: string, { options, hands, logged, committed }: Opening) {
  const { settings, allSettings, limits, publishEvents, beforePut, beforeFlushed, prepare } = options
  const store = await openStore({
    path,
    quotaBytes: 0,
    diskReserveBytes: 0,
    ...(beforePut === undefined ? {} : { beforePut }),
    ...(beforeFlushed === undefined ? {} : { beforeFlushed }),
  })
  await prepare?.(store)
  const sources = { wall: () => hands.wall, monotonic: () => hands.monotonic }
  const visitors = await openVisitors({
    store,
    settings: allSettings ?? { ...DEFAULT_SETTINGS, ...settings },
    clock: createClock(store.lastAt(), sources),
    log: {
      warn: (fields, message) => void logged.push({ level: 'warn', fields, message }),
      error: (fields, message) => void logged.push({ level: 'error', fields, message }),
    },
    limits: { ...LIMITS, ...limits },
    ...(publishEvents ? { publishEvents } : {}),
  }).catch(async (cause: unknown) => {
    await store.close()
    throw cause
  })
  visitors.onCommitted((told) => void committed.push(told))
  return { store, visitors }
}
