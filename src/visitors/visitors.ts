/** The room of the actors: one for each globalVisitID, spawned at its first entry, asleep when idle. */
import type { Settings } from '../../machines/entries.ts'
import { MACHINE_VERSION, SnapshotTooNew } from '../../machines/versions.ts'
import type { Draft, Store, Stretch } from '../store/contract.ts'
import { createDoor } from './admission.ts'
import { type Awake, wake } from './awake.ts'
import type { Clock } from './clock.ts'
import { type Batch, createCommitter } from './committer.ts'
import type { Committed, Visitors } from './contract.ts'
import { type HiddenPerson, hidingStore } from './hiding.ts'
import { createListeners } from './listeners.ts'
import { createPast, type ViewPast } from './past.ts'
import { createRecorder, type Erasable } from './recorder.ts'
import type { Room, VisitorsLog } from './room.ts'
import { createBedroom } from './sleep.ts'
import { openSettingsBook } from './snapshots.ts'
import { createStates, type States } from './state-after.ts'
import { startSweep } from './sweep.ts'
import { SYSTEM_TIMING, type Timing } from './timing.ts'
import { createViews, type ViewVisitor } from './views.ts'
import { deadlinesWork, entriesWork, erasingWork, rowsWork, tokenWork, type VisitorWork } from './works.ts'

export interface VisitorsOptions {
  readonly store: Store
  readonly settings: Settings
  readonly clock: Clock
  readonly log: VisitorsLog
  readonly limits: VisitorsLimits
  /** Names of events that engines and agents are told of; `*` = all. */
  readonly publishEvents?: readonly string[]
  /** How it waits: for a simulation. */
  readonly timing?: Timing
}

export interface VisitorsLimits {
  readonly sleepAfterMs: number
  readonly awakeMax: number
  readonly waitingEntries: number
  readonly commitEntries: number
  readonly commitBytes: number
  readonly profileKeys: number
}

export interface OpenVisitors extends Visitors {
  /** The store as who reads may see it: nobody who is being erased is in it (Q12). */
  readonly reads: Store
  readonly view: ViewVisitor
  readonly viewPast: ViewPast
  readonly states: States
  /** Listens to what was said, as it is stored, when it is on disk; returns the function that stops listening. */
  readonly onSaid: (listener: (said: readonly Stretch[]) => void) => () => void
  readonly erasing: ErasingVisitors
}

/** What erasures change here, in its turn among the commits; each is on disk when it resolves (Q12). */
export interface ErasingVisitors {
  /** People who are being erased, by their id: visitors that know them forget them first. */
  readonly forgetting: Map<string, HiddenPerson>
  readonly inTurn: (globalVisitID: string, apply: (recorder: Erasable) => void) => Promise<void>
  /** `lost` is called where it was not kept, before anything else is applied. */
  readonly changeRows: (apply: (draft: Draft, at: number) => void, lost?: () => void) => Promise<void>
}

/** Opens the room over a store. Refuses (`SnapshotTooNew`) snapshots that a newer server has written (Q5). */
export async function openVisitors({
  store,
  settings,
  clock,
  log,
  limits,
  publishEvents = [],
  timing = SYSTEM_TIMING,
}: VisitorsOptions): Promise<OpenVisitors> {
  await noteMachineVersion(store)
  const book = await openSettingsBook(store, settings)
  const startedAt = clock.now()
  const room: Room = {
    ...{ store, settings: book.today, book, startedAt, profileKeys: limits.profileKeys, log },
    publishEvents: new Set(publishEvents),
    forgetting: new Map(),
  }
  const bedroom = createBedroom({ ...limits, now: clock.now })
  const view = createViews(store, book, room.forgetting)
  const reads = hidingStore(store, room.forgetting)
  const listeners = createListeners<Committed>(log)
  const hearers = createListeners<readonly Stretch[]>(log)

  const tell = ({ draft, visits }: Batch<VisitorWork>): void => {
    listeners.tell({ changes: draft.changes, visits })
    hearers.tell(draft.stretches)
  }

  /** What failed when it was flushed is on disk with the trial that succeeds: refused, but whoever listens must know of it. */
  const tellIfKept = (batch: Batch<VisitorWork>): void => {
    const isKept = store.lastPosition() > batch.firstPosition || batch.visits.some(isErasure)
    if (isKept) tell(batch)
  }

  /** Q12: no entry is made of it. */
  const isErasure = ({ globalVisitID, reason }: Committed['visits'][number]): boolean =>
    reason === 'erased' && store.erasedAt('device', globalVisitID) !== 0

  const committer = createCommitter<VisitorWork>({
    store,
    clock,
    timing,
    entriesMax: limits.commitEntries,
    bytesMax: limits.commitBytes,
    waitingMax: limits.waitingEntries,
    apply: (batch, works, nextPosition) => applyWorks({ room, bedroom }, batch, works, nextPosition),
    committed: (batch) => {
      for (const visitor of batch.touched) visitor.unflushed -= 1
      tell(batch)
      bedroom.turnIn()
    },
    lost: (batch, err) => {
      const { touched } = batch
      bedroom.drop(touched)
      log.error({ err, visitors: touched.size }, 'a commit failed; its visitors go on from the disk')
      if (batch.wasTried && store.unavailable() !== null) void store.recovered().then(() => tellIfKept(batch))
    },
  })

  const add = <T>(
    work: (settling: { resolve: (value: T) => void; reject: (error: Error) => void }) => VisitorWork,
  ) => new Promise<T>((resolve, reject) => committer.add(work({ resolve, reject })))

  const { admit, isKnown } = createDoor({
    store,
    view,
    now: clock.now,
    bind: (globalVisitID, hash) => add<boolean>((settling) => tokenWork(globalVisitID, hash, settling)),
  })
  const endSweep = startSweep({
    store,
    clock,
    timing,
    log,
    quietUntil: startedAt + room.settings.restartGraceMs,
    isAwake: bedroom.isAwake,
    wake: (globalVisitID) => add<void>((settling) => deadlinesWork(globalVisitID, settling)),
  })
  const endTurningIn = timing.every(Math.max(1, limits.sleepAfterMs / 4), bedroom.turnIn)

  return {
    view,
    reads,
    viewPast: createPast({ store: reads, book, hidden: room.forgetting }),
    states: createStates(store, book),
    record: (globalVisitID, entries) => add((settling) => entriesWork(globalVisitID, entries, settling)),
    admit,
    isKnown,
    isFull: committer.isFull,
    whenRoom: committer.whenRoom,
    onCommitted: listeners.add,
    onSaid: hearers.add,
    erasing: {
      forgetting: room.forgetting,
      inTurn: (globalVisitID, apply) => add((settling) => erasingWork(globalVisitID, apply, settling)),
      changeRows: (apply, lost) => add((settling) => rowsWork(apply, { ...settling, lost })),
    },
    stats: () => ({ awake: bedroom.count(), waiting: committer.waiting() }),
    close: async () => {
      await endSweep()
      await committer.idle()
      endTurningIn()
      bedroom.empty()
    },
  }
}

/** Applies what one visitor is told in this batch; an error where it cannot be woken, and nothing was done. */
function applyWorks(
  { room, bedroom }: { readonly room: Room; readonly bedroom: ReturnType<typeof createBedroom> },
  batch: Batch<VisitorWork>,
  works: readonly VisitorWork[],
  nextPosition: () => number,
): Error | null {
  const forActor = works.filter((work) => work.is === 'actor')
  const [first] = forActor
  if (first !== undefined) {
    const awake = bedroom.find(first.globalVisitID) ?? wakeOrRefuse(room, first.globalVisitID, batch)
    if (awake instanceof Error) return awake
    touch(batch, bedroom.keep(awake))
    const recorder = createRecorder({ room, awake, draft: batch.draft, at: batch.at, nextPosition })
    for (const work of forActor) work.apply(recorder)
    const told = recorder.finish()
    if (told !== null) batch.visits.push(told)
    if (recorder.isGone()) bedroom.drop([awake])
  }
  for (const work of works) if (work.is === 'rows') work.apply(batch)
  return null
}

function wakeOrRefuse(room: Room, globalVisitID: string, batch: Batch<VisitorWork>): Awake | Error {
  try {
    return wake(room, globalVisitID, batch.draft)
  } catch (err) {
    room.log.error({ err }, 'a visitor cannot be woken; what came for it is refused')
    return err instanceof Error ? err : new Error(String(err))
  }
}

function touch(batch: Batch<VisitorWork>, visitor: Awake): void {
  if (batch.touched.has(visitor)) return
  batch.touched.add(visitor)
  visitor.unflushed += 1
}

/** Q5: a folder that a newer machine has written is not touched by an older one. */
async function noteMachineVersion(store: Store): Promise<void> {
  const noted = Number(store.note('machineVersion') ?? 0)
  if (noted > MACHINE_VERSION) throw new SnapshotTooNew(noted)
  if (noted < MACHINE_VERSION) await store.saveNote('machineVersion', MACHINE_VERSION)
}
