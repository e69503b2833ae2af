/** Whether changes may go out: NATS is connected, and it is known how (B3): through JetStream, whose stream is there, or without. */
import type { Config } from '../config.ts'
import type { Store } from '../store/contract.ts'
import type { Timing } from '../visitors/timing.ts'
import type { Bus, StreamFinding, WantedStream } from './bus.ts'
import { type BusLog, reasonOf } from './log.ts'
import { streamSubjects } from './subjects.ts'

/**
 * `connecting`: never yet connected; `away`: it was; `checking`: looks for the stream; `refused`: NATS is there but
 * cannot keep changes, `problem` says why; `open`: changes go out.
 */
export type GateState = 'connecting' | 'away' | 'checking' | 'refused' | 'open'

/** `undecided`: NATS_JETSTREAM is `auto`, and NATS was not reached yet. */
export type GateMode = 'jetStream' | 'core' | 'undecided'

export interface Gate {
  readonly state: () => GateState
  readonly mode: () => GateMode
  readonly problem: () => string | null
  readonly isOpen: () => boolean
  /** A publish found nobody who keeps it: the stream is looked for again. */
  readonly lookAgain: () => void
  readonly close: () => void
}

export interface GateParts {
  readonly bus: Pick<Bus, 'isConnected' | 'onConnection' | 'ensureStream'>
  readonly store: Pick<Store, 'note' | 'saveNote'>
  readonly config: Pick<
    Config,
    | 'natsJetstream'
    | 'natsPrefix'
    | 'natsStream'
    | 'natsStreamReplicas'
    | 'natsStreamMaxAgeMs'
    | 'natsStreamMaxBytes'
  >
  readonly timing: Timing
  readonly log: BusLog
  readonly onOpen: () => void
}

/** The note of what was decided at the first connection; from then on a missing stream is an error. */
export const STREAM_NOTE = 'bus.stream'

const DUPLICATE_WINDOW_MS = 120_000
const LOOK_AGAIN_MS = 1_000

type Finding = StreamFinding | { readonly is: 'core'; readonly decidedNow: boolean }

export function createGate({ bus, store, config, timing, log, onOpen }: GateParts): Gate {
  const wanted = wantedStream(config)
  let mode = modeOf(config.natsJetstream, store.note(STREAM_NOTE))
  let state: GateState = 'connecting'
  let problem: string | null = null
  let callOff = (): void => {}
  /** Counts the looks, so that the answer to an older one is not taken. */
  let look = 0
  let isLooking = false

  function refuse(reason: string): void {
    if (reason !== problem) log.error({ stream: wanted.name }, reason)
    state = 'refused'
    problem = reason
    callOff = timing.after(LOOK_AGAIN_MS, lookAgain)
  }

  function lookAgain(): void {
    callOff()
    if (!bus.isConnected()) return
    if (state === 'connecting' || state === 'away') state = 'checking'
    void check(++look)
  }

  async function check(asked: number): Promise<void> {
    isLooking = true
    try {
      const finding = await find()
      if (asked === look) settle(finding)
    } catch (error) {
      if (asked === look) refuse(`the stream cannot be looked for: ${reasonOf(error)}`)
    }
    if (asked === look) isLooking = false
  }

  /** What is found for the first time is written down before anything is published. */
  async function find(): Promise<Finding> {
    if (mode === 'core') return { is: 'core', decidedNow: false }
    const isKnown = wasFound(store.note(STREAM_NOTE), wanted.name)
    const finding = await bus.ensureStream(wanted, !isKnown)
    if (finding.is === 'ready') {
      if (!isKnown) await store.saveNote(STREAM_NOTE, { jetStream: true, stream: wanted.name })
      mode = 'jetStream'
    } else if (finding.is === 'noJetStream' && mode === 'undecided') {
      await store.saveNote(STREAM_NOTE, { jetStream: false })
      mode = 'core'
      return { is: 'core', decidedNow: true }
    }
    return finding
  }

  function settle(finding: Finding): void {
    switch (finding.is) {
      case 'noJetStream':
        refuse(
          'this NATS server has no JetStream, and changes are published through it; start it with -js (or set NATS_JETSTREAM=off and lose what nobody listens to)',
        )
        break
      case 'missing':
        refuse(
          `the stream ${wanted.name}, found before, is missing; it is not made again by itself, because what it held is gone: make it, or name another one in NATS_STREAM`,
        )
        break
      case 'core':
        if (finding.decidedNow) log.warn({}, DECIDED_CORE)
        if (state !== 'open') open()
        break
      case 'ready':
        if (finding.created) log.info({ stream: wanted.name, subjects: wanted.subjects }, 'made the stream')
        // A doubt that came to nothing: what was refused goes on waiting its time.
        if (state === 'open') break
        if (finding.differences.length > 0) {
          log.warn({ stream: wanted.name, differences: finding.differences }, 'the stream is not as asked')
        }
        open()
        break
    }
  }

  function open(): void {
    if (problem !== null) log.info({ stream: wanted.name }, 'changes go out again')
    state = 'open'
    problem = null
    onOpen()
  }

  const stopListening = bus.onConnection((connected) => {
    if (connected) return lookAgain()
    look++
    isLooking = false
    callOff()
    if (state !== 'connecting') state = 'away'
    problem = null
  })

  return {
    state: () => state,
    mode: () => mode,
    problem: () => problem,
    isOpen: () => state === 'open',
    lookAgain() {
      // One look at a time: many publishes fail together when a stream goes.
      if (state === 'open' && !isLooking) lookAgain()
    },
    close() {
      stopListening()
      look++
      callOff()
    },
  }
}

const DECIDED_CORE =
  'this NATS server has no JetStream: from now on changes are published without it, and who does not listen misses them (NATS_JETSTREAM=on decides otherwise)'

function wantedStream(config: GateParts['config']): WantedStream {
  return {
    name: config.natsStream,
    subjects: streamSubjects(config.natsPrefix),
    replicas: config.natsStreamReplicas,
    maxAgeMs: config.natsStreamMaxAgeMs,
    maxBytes: config.natsStreamMaxBytes,
    duplicateWindowMs: DUPLICATE_WINDOW_MS,
  }
}

/** What the configuration says, or, where it leaves it open, what was decided at the first connection. */
function modeOf(natsJetstream: Config['natsJetstream'], note: unknown): GateMode {
  if (natsJetstream !== 'auto') return natsJetstream === 'on' ? 'jetStream' : 'core'
  const isNote = typeof note === 'object' && note !== null && 'jetStream' in note
  if (!isNote) return 'undecided'
  return note.jetStream === true ? 'jetStream' : 'core'
}

function wasFound(note: unknown, name: string): boolean {
  return typeof note === 'object' && note !== null && 'stream' in note && note.stream === name
}
