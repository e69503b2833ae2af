/** The room of the rules: after a commit they are asked about visitors who are Anonymous; answers become entries. */
import type { Store, Stretch } from '../store/contract.ts'
import { SYSTEM_TIMING, type Timing } from '../visitors/timing.ts'
import type { OpenVisitors } from '../visitors/visitors.ts'
import { type Answers, createAsker } from './asker.ts'
import { createBacklog } from './backlog.ts'
import { type Crew, type CrewOptions, startCrew } from './crew.ts'
import { createJudging } from './judging.ts'
import type { RulesLog } from './log.ts'
import type { LookupOptions } from './lookups.ts'
import { type Floor, pausedOf } from './pauses.ts'
import { createQuestions, type Question } from './questions.ts'
import { type RuleStanding, rulesInForce } from './view.ts'

export interface RulesOptions extends Omit<CrewOptions, 'log'>, Pick<LookupOptions, 'provenOnly'> {
  readonly store: Store
  readonly visitors: Pick<OpenVisitors, 'record' | 'view' | 'onSaid' | 'isFull' | 'whenRoom'>
  /** Epoch ms. */
  readonly now: () => number
  readonly log: RulesLog
  /** Questions that wait; more are dropped. */
  readonly waitingMax: number
  readonly floor: Floor
  /** How it waits, and who runs the rules: for a simulation. */
  readonly timing?: Timing
  readonly crewOf?: (options: CrewOptions) => Promise<Crew>
}

export interface RulesStats {
  /** Times a rule was asked, and times it had an answer. */
  readonly rulesAsked: number
  readonly rulesAnswered: number
  readonly rulesWaiting: number
  /** Questions that did not fit, and answers that could not be kept. */
  readonly rulesDropped: number
  readonly rulesLost: number
  readonly rulesOff: number
  readonly rulesPaused: number
}

export interface Rules {
  /** Every rule that is configured or was ever scored, for `GET /rules`. */
  readonly inForce: () => readonly RuleStanding[]
  readonly stats: () => RulesStats
  /** Resolves when no question waits, and what was answered is on disk. */
  readonly settled: () => Promise<void>
  /** Asks nothing more, and ends the thread. Answers that are on their way are kept. */
  readonly close: () => Promise<void>
}

/** Loads the rules and begins to listen. Rejects with `RulesRefused` where they are not right. */
export async function startRules(options: RulesOptions): Promise<Rules> {
  const { store, visitors, log, waitingMax, items } = options
  const { timing = SYSTEM_TIMING, crewOf = startCrew } = options
  const crew = items.length === 0 ? NO_CREW : await crewOf(options)
  const asker = createAsker(options, crew)
  const questionsOf = createQuestions(crew.heads)
  const backlog = createBacklog<Question>(waitingMax, log)
  const judging = createJudging(options, crew)
  const counts = { lost: 0 }
  const keeping = new Set<Promise<void>>()
  let work: Promise<void> | null = null
  let isOpen = true

  const hear = (said: readonly Stretch[]): void => {
    for (const stretch of said) {
      judging.hear(stretch)
      for (const question of questionsOf(stretch)) backlog.add(question)
    }
    if (work === null && backlog.waiting() > 0) work = workOff()
  }

  const nextTurn = (): Promise<void> => new Promise((resolve) => timing.soon(resolve))

  /** Begins in a turn of its own: whoever waits for the commit's acks goes first. */
  const workOff = async (): Promise<void> => {
    await nextTurn()
    for (let sliceEnd = timing.uptime() + SLICE_MS; isOpen; ) {
      const question = backlog.next()
      if (question === undefined) break
      if (visitors.isFull()) await visitors.whenRoom()
      keep(await answerOrTell(question))
      if (timing.uptime() < sliceEnd) continue
      await nextTurn()
      sliceEnd = timing.uptime() + SLICE_MS
    }
    work = null
  }

  /** One visitor that cannot be read is no reason to ask nobody else. */
  const answerOrTell = async (question: Question): Promise<Answers | null> => {
    try {
      return await asker.answer(question)
    } catch (err) {
      log.error({ err, visitor: question.number }, 'rules could not be asked about a visitor')
      return null
    }
  }

  /** Nobody waits for them: an answer that comes too late is dropped by the machine as stale. */
  const keep = (answers: Answers | null): void => {
    if (answers === null) return
    const { globalVisitID, entries } = answers
    const kept = visitors
      .record(globalVisitID, entries)
      .then(
        () => {},
        (err: unknown) => {
          counts.lost += entries.length
          log.warn({ err, answers: entries.length }, 'answers of rules could not be kept')
        },
      )
      .finally(() => keeping.delete(kept))
    keeping.add(kept)
  }

  const settled = async (): Promise<void> => {
    while (work !== null || keeping.size > 0) await Promise.all([work, ...keeping])
    await judging.settled()
  }

  const stopHearing = crew.heads.length === 0 ? () => {} : visitors.onSaid(hear)
  judging.judgeAll()
  if (crew.heads.length > 0)
    log.info({ rules: crew.heads.map(({ name, version }) => `${name} ${version}`) }, 'rules are in force')
  return {
    inForce: () => rulesInForce(store, crew),
    stats: () => ({
      ...asker.counts(),
      rulesWaiting: backlog.waiting(),
      rulesDropped: backlog.dropped(),
      rulesLost: counts.lost,
      rulesOff: crew.heads.filter(({ name }) => crew.offOf(name) !== null).length,
      rulesPaused: crew.heads.filter((rule) => pausedOf(store, rule) !== null).length,
    }),
    settled,
    close: async () => {
      isOpen = false
      stopHearing()
      await crew.end()
      await settled()
    },
  }
}

/** Questions are worked on so long before others have their turn. */
const SLICE_MS = 2

/** Nothing configured: nothing is asked, and no thread runs. */
const NO_CREW: Crew = { heads: [], offOf: () => null, ask: async () => null, end: async () => {} }
