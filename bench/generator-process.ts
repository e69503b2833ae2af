/** The load generator in its own process: opened once, then one phase after another. */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { NotCarried } from './frames.ts'
import type { Answer, Command, Crowd, Phase, Result, Said, Seen } from './generator.ts'
import { endProcess, PATIENCE_MS, within } from './patience.ts'

/** Every promise rejects where the contender answers wrongly, or not at all; `NotCarried` where it loses connections. */
export interface Generator {
  /** Resolves when it is warmed up; until `finish` it is measured. */
  readonly begin: (phase?: Partial<Phase>) => Promise<void>
  readonly finish: () => Promise<Result>
  /** Both, with so many ms between them. */
  readonly measure: (measureMs: number, phase?: Partial<Phase>) => Promise<Result>
  /** Some of those who are there. */
  readonly see: () => Promise<readonly Seen[]>
  /** Everybody goes. */
  readonly leave: () => Promise<Said>
  /** Ends the process, and with it the connections that stayed. */
  readonly end: () => Promise<void>
}

const CROWD: Omit<Crowd, 'port'> = {
  connections: 100,
  greeting: 0,
  signsIn: false,
  silenceMs: PATIENCE_MS.SILENCE,
}
const PHASE: Phase = {
  inFlight: 8,
  eventsPerMessage: 1,
  warmUpMs: 1_000,
  batchesPerSecond: null,
  eventsPerVisitor: null,
}

/** Resolves when all browsers are there. */
export async function openGenerator(crowd: Partial<Crowd> & Pick<Crowd, 'port'>): Promise<Generator> {
  const child = fork(fileURLToPath(new URL('generator.ts', import.meta.url)), {
    execArgv: ['--import', 'tsx'],
    // What is no number stays none.
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
  const ended = once(child, 'exit')
  const end = () => endProcess(child, ended)
  const ask = asker(child, ended)
  try {
    await ask({ is: 'open', crowd: { ...CROWD, ...crowd } })
  } catch (cause) {
    await end()
    throw cause
  }
  // The boundary where an answer becomes what was asked for.
  const begin = (phase: Partial<Phase> = {}) =>
    ask({ is: 'begin', phase: { ...PHASE, ...phase } }) as Promise<void>
  const finish = () => ask({ is: 'finish' }) as Promise<Result>
  return {
    ...{ begin, finish, end },
    measure: async (measureMs, phase) => {
      await begin(phase)
      await pause(measureMs)
      return await finish()
    },
    see: () => ask({ is: 'see' }) as Promise<readonly Seen[]>,
    leave: () => ask({ is: 'leave' }) as Promise<Said>,
  }
}

/** One command after another. */
function asker(child: ChildProcess, ended: Promise<unknown[]>): (command: Command) => Promise<unknown> {
  const failed = ended.then(([code]) => {
    throw new Error(`the load generator ended with code ${code}`)
  })
  // What fails between two commands is told by the next one.
  failed.catch(() => undefined)
  let failure: Error | null = null
  child.on('message', (answer: Answer) => {
    if (answer.is === 'failed')
      failure = answer.notCarried ? new NotCarried(answer.says, answer.welcomed) : new Error(answer.says)
  })
  return async (command) => {
    if (failure !== null) throw failure
    if (!child.connected) return await failed
    child.send(command)
    const answered = Promise.race([once(child, 'message'), failed])
    const [answer] = await within('GENERATOR', `the load generator, told to ${command.is}`, answered)
    if (failure !== null) throw failure
    return answer.value
  }
}
