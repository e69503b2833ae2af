/** Whether changes may go out: NATS is connected, and the stream that keeps them is there (B3). */
import type { Config } from '../config.ts'
import type { Store } from '../store/contract.ts'
import type { Bus, StreamFinding, WantedStream } from './bus.ts'
import { type BusLog, reasonOf } from './log.ts'
import { streamSubjects } from './subjects.ts'

/**
 * `connecting`: never yet connected; `away`: it was; `checking`: looks for the stream; `refused`: NATS is there but
 * cannot keep changes, `problem` says why; `open`: changes go out.
 */
export type GateState = 'connecting' | 'away' | 'checking' | 'refused' | 'open'

export interface Gate {
  readonly state: () => GateState
  readonly problem: () => string | null
  readonly isOpen: () => boolean
  /** A publish found nobody who keeps it: the stream is looked for again. */
  readonly lookAgain: () => void
  readonly close: () => void
}

export interface GateParts {
  readonly bus: Bus
  readonly store: Pick<Store, 'note' | 'saveNote'>
  readonly config: Pick<
    Config,
    'natsPrefix' | 'natsStream' | 'natsStreamReplicas' | 'natsStreamMaxAgeMs' | 'natsStreamMaxBytes'
  >
  readonly log: BusLog
  readonly onOpen: () => void
}

/** The note that says that JetStream was found, and the stream with it: from then on a missing one is an error. */
export const STREAM_NOTE = 'bus.stream'

const DUPLICATE_WINDOW_MS = 120_000
const LOOK_AGAIN_MS = 1_000

export function createGate({ bus, store, config, log, onOpen }: GateParts): Gate {
  const wanted = wantedStream(config)
  let state: GateState = 'connecting'
  let problem: string | null = null
  let timer: NodeJS.Timeout | undefined
  /** Counts the looks, so that the answer to an older one is not taken. */
  let look = 0
  let isLooking = false

  function refuse(reason: string): void {
    if (reason !== problem) log.error({ stream: wanted.name }, reason)
    state = 'refused'
    problem = reason
    timer = setTimeout(lookAgain, LOOK_AGAIN_MS)
  }

  function lookAgain(): void {
    clearTimeout(timer)
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

  /** Where the stream is found for the first time, that is written down before anything is published. */
  async function find(): Promise<StreamFinding> {
    const isKnown = wasFound(store.note(STREAM_NOTE), wanted.name)
    const finding = await bus.ensureStream(wanted, !isKnown)
    if (finding.is === 'ready' && !isKnown) {
      await store.saveNote(STREAM_NOTE, { jetStream: true, stream: wanted.name })
    }
    return finding
  }

  function settle(finding: StreamFinding): void {
    switch (finding.is) {
      case 'noJetStream':
        refuse('this NATS server has no JetStream; start it with -js (publishing needs it)')
        break
      case 'missing':
        refuse(
          `the stream ${wanted.name}, found before, is missing; it is not made again by itself, because what it held is gone: make it, or name another one in NATS_STREAM`,
        )
        break
      case 'ready':
        // A doubt that came to nothing: what was refused goes on waiting its time.
        if (state !== 'open') open(finding.created, finding.differences)
        break
    }
  }

  function open(created: boolean, differences: readonly string[]): void {
    if (created) log.info({ stream: wanted.name, subjects: wanted.subjects }, 'made the stream')
    if (differences.length > 0) log.warn({ stream: wanted.name, differences }, 'the stream is not as asked')
    if (problem !== null) log.info({ stream: wanted.name }, 'changes go out again')
    state = 'open'
    problem = null
    onOpen()
  }

  const stopListening = bus.onConnection((connected) => {
    if (connected) return lookAgain()
    look++
    isLooking = false
    clearTimeout(timer)
    if (state !== 'connecting') state = 'away'
    problem = null
  })

  return {
    state: () => state,
    problem: () => problem,
    isOpen: () => state === 'open',
    lookAgain() {
      // One look at a time: many publishes fail together when a stream goes.
      if (state === 'open' && !isLooking) lookAgain()
    },
    close() {
      stopListening()
      look++
      clearTimeout(timer)
    },
  }
}

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

function wasFound(note: unknown, name: string): boolean {
  return typeof note === 'object' && note !== null && 'stream' in note && note.stream === name
}
