/** `GET /visitors/{globalVisitID}/explain`: the state, and what led to it, from the outcomes that were stored then. */
import { z } from '@hono/zod-openapi'
import { isStoredEvent, type StoredEntry } from '../store/rows.ts'
import { type Account, accountOf } from '../visitors/account.ts'
import { type ExplainedStep, ExplanationSchema } from './answer-schemas.ts'
import { momentOf, viewAt } from './moment.ts'
import { existingVisitor } from './operation.ts'
import { FILTERS } from './parameters.ts'
import { notFound } from './problem.ts'
import type { Reading } from './reading.ts'
import { type Route, resource } from './route.ts'
import { sentenceOf, sentenceOfState } from './sentences.ts'
import { confidenceAt } from './visitor-resource.ts'

/** Steps of one explanation: the newest. */
export const STEPS_MAX = 200
const ENTRIES_AT_ONCE = 128

const { at, seq } = FILTERS

const explain = resource({
  path: '/visitors/{globalVisitID}/explain',
  scope: 'history:read',
  summary: 'Why a visitor is believed to be who it is: what led to it since its visit began, in order',
  params: z.object({ globalVisitID: z.string() }),
  filters: z.object({ at, seq }),
  answer: ExplanationSchema,
  read: async (reading, { params, filters }) => {
    const row = reading.store.visitor(existingVisitor(reading, params.globalVisitID))
    if (row === null) throw notFound('visitor')
    const moment = momentOf(reading, row, filters)
    const view = await viewAt(reading, row, moment)
    const { state, identityId, interaction, since, globalVisitID, position } = view
    const confidence = view.confidence && confidenceAt(view.confidence, moment.at)
    const { told, complete } = await chainTo(reading, row.number, moment.seq)
    return {
      globalVisitID,
      seq: moment.seq,
      position,
      state,
      identityId,
      confidence,
      interaction,
      since,
      says: sentenceOfState(state, identityId, confidence),
      complete,
      steps: stepsOf(told),
    }
  },
})

export const EXPLAIN_ROUTES: readonly Route[] = [explain]

interface Told {
  readonly entry: StoredEntry
  readonly account: Account
}

/** The entries that matter, from the one that opened the visit; not complete where there are too many. */
async function chainTo({ store, budget }: Reading, number: number, seq: number) {
  const told: Told[] = []
  const end = (complete: boolean) => ({ told: told.reverse(), complete })
  let from = seq
  while (from >= 1) {
    const limit = budget.allow(ENTRIES_AT_ONCE)
    if (limit === 0) return end(false)
    const entries = store.entries(number, { from, limit, reverse: true })
    budget.spend(entries.length)
    for (const entry of entries) {
      const account = accountOf(entry)
      if (!account.matters) continue
      if (told.length === STEPS_MAX) return end(false)
      told.push({ entry, account })
      if (account.opened !== null) return end(true)
    }
    const last = entries.at(-1)
    if (last === undefined) break
    from = last.seq - 1
    await budget.breathe()
  }
  return end(true)
}

/** Who was believed to be there before a step, as far as the steps before it tell. */
interface Before {
  readonly identityId: string | null
  readonly confidence: number | null
  readonly asOf: number
  readonly halfLifeMs: number | null
  readonly changedSeq: number
}

const NOBODY: Before = { identityId: null, confidence: null, asOf: 0, halfLifeMs: null, changedSeq: 0 }

function stepsOf(chain: readonly Told[]): readonly ExplainedStep[] {
  let before = NOBODY
  return chain.map(({ entry, account }) => {
    const step = stepOf(entry, account, before)
    const last = account.changes.at(-1)
    if (last !== undefined) before = { ...last, changedSeq: entry.seq }
    return step
  })
}

function stepOf(entry: StoredEntry, account: Account, before: Before): ExplainedStep {
  const { guards, changes, answer } = account
  const { seq, position, at, kind } = entry
  return {
    seq,
    position,
    at,
    kind,
    eventName: isStoredEvent(entry) ? entry.words.eventName : null,
    eventID: isStoredEvent(entry) ? entry.words.eventID : null,
    named: account.named,
    says: sentenceOf(entry, account),
    guards: guards.map(({ guard, held }) => ({
      guard,
      held,
      saw: seenBy(guard, { entry, account, before }),
    })),
    changes: changes.map((change) => ({ ...change, cause: { ...change.cause } })),
    answer,
    payload: isStoredEvent(entry) ? null : { ...entry.payload },
  }
}

interface Scene extends Told {
  readonly before: Before
}

/** What a question looked at. */
function seenBy(guard: string, { entry, account, before }: Scene): Record<string, unknown> {
  const payload: Readonly<Record<string, unknown>> = isStoredEvent(entry) ? {} : entry.payload
  const { named } = account
  switch (guard) {
    case 'namesCurrent':
      return { named, current: before.identityId }
    case 'isMoreConfident':
      return { offered: offeredBy(payload), current: beliefAt(before, entry.at) }
    case 'changedSince':
      return { ifSeq: payload.ifSeq ?? null, changedSeq: before.changedSeq }
    case 'mayRetract':
    case 'decidedCurrent':
      return { verdictSeq: payload.verdictSeq ?? null }
    default:
      return { named }
  }
}

function offeredBy({ confidence, answer }: Readonly<Record<string, unknown>>): unknown {
  if (confidence !== undefined) return confidence
  return typeof answer === 'object' && answer !== null && 'confidence' in answer ? answer.confidence : null
}

function beliefAt({ confidence, asOf, halfLifeMs }: Before, at: number): number | null {
  return confidence === null ? null : confidenceAt({ confidence, asOf, halfLifeMs }, at)
}
