/** The rules in their thread: one that fails is switched off, and the others go on in a new thread. */
import { type CheckedAnswer, checkAnswer, type ToIdentityId } from './answer.ts'
import type { Given } from './contract.ts'
import type { RulesLog } from './log.ts'
import { startThread, type Thread, type ThreadOptions } from './thread.ts'
import type { ThreadHead } from './thread-messages.ts'

export interface Crew {
  readonly heads: readonly ThreadHead[]
  /** Why a rule was switched off, or null. */
  readonly offOf: (name: string) => string | null
  /** What the rule answers; null = nothing, or it was switched off over this. One at a time. */
  readonly ask: (rule: ThreadHead, given: Given) => Promise<CheckedAnswer | null>
  readonly end: () => Promise<void>
}

export interface CrewOptions extends ThreadOptions {
  readonly toIdentityId: ToIdentityId
  readonly log: RulesLog
}

/** Times that the thread may end or get stuck while nobody can be blamed; then all rules are off. */
const UNEXPLAINED_MAX = 3

/** Starts the thread; rejects with `RulesRefused` where the rules are not right. */
export async function startCrew(options: CrewOptions): Promise<Crew> {
  const { toIdentityId, log } = options
  const off = new Map<string, string>()
  let thread: Thread | null = await startThread(options)
  const { heads } = thread
  let unexplained = 0
  let hasEnded = false

  const switchOff = (name: string, why: string): void => {
    off.set(name, why)
    log.error({ rule: name, reason: why }, 'a rule is switched off until the server starts again')
  }

  const switchAllOff = (why: string): void => {
    for (const { name } of heads) if (!off.has(name)) switchOff(name, why)
  }

  const endThread = async (): Promise<void> => {
    const ended = thread
    thread = null
    await ended?.end()
  }

  /** Something that a rule left behind ended or blocked the thread; which rule, nobody knows. */
  const excuse = async (): Promise<void> => {
    await endThread()
    unexplained += 1
    if (unexplained > UNEXPLAINED_MAX) switchAllOff('the thread of rules ended too often by itself')
    else log.warn({ times: unexplained }, 'the thread of rules ended or was blocked while no rule was asked')
  }

  /** The thread, or another where it was ended; null where that cannot be started, and all rules are off. */
  const living = async (): Promise<Thread | null> => {
    if (thread?.isGone() === true) await excuse()
    if (thread !== null || heads.every(({ name }) => off.has(name))) return thread
    try {
      thread = await startThread(options)
    } catch (err) {
      log.error({ err }, 'the thread of rules could not be started again')
      switchAllOff('the thread of rules could not be started again')
    }
    return thread
  }

  /** Its thread may hold what it left behind: it ends with it. */
  const fail = async (name: string, why: string): Promise<null> => {
    switchOff(name, why)
    await endThread()
    return null
  }

  const ask = async (rule: ThreadHead, given: Given): Promise<CheckedAnswer | null> => {
    const { name } = rule
    const asking = hasEnded || off.has(name) ? null : await living()
    if (asking === null || off.has(name)) return null
    const asked = await asking.ask(name, given)
    if (hasEnded || asked.is === 'nothing') return null
    if (asked.is === 'failed') return fail(name, asked.why)
    if (asked.is === 'stuck') {
      await excuse()
      return null
    }
    const answer = checkAnswer(asked.text, toIdentityId)
    return typeof answer === 'string' ? fail(name, answer) : answer
  }

  return {
    heads,
    offOf: (name) => off.get(name) ?? null,
    ask,
    end: async () => {
      hasEnded = true
      await endThread()
    },
  }
}
