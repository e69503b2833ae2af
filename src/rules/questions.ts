/** Which rules are to be asked about what was committed. */

import type { Stretch } from '../store/contract.ts'
import { isStoredEvent, type StoredEntry } from '../store/rows.ts'
import { factsOf } from '../visitors/entries.ts'
import { ANY_EVENT, type GivenEvent, type RuleHead, VISIT_OPENED } from './contract.ts'
import { mayFind, toGivenEvent } from './lookups.ts'

/** One occasion to ask rules about one visitor. */
export interface Question {
  /** The visitor's number. */
  readonly number: number
  /** The entry that was the occasion. */
  readonly seq: number
  readonly on: string
  readonly event: GivenEvent | null
}

/** Finds the questions that a stretch gives occasion to. */
export function createQuestions(heads: readonly RuleHead[]): (stretch: Stretch) => readonly Question[] {
  const occasions = new Set(heads.flatMap(({ on }) => on))
  const isWorthAsking = (question: Question): boolean =>
    heads.some((head) => isAskedOn(head, question) && mayFind(question.event, head.needs))
  return ({ number, entries }) =>
    entries.flatMap((stored) =>
      occasionsOf(stored, occasions)
        .map((on) => questionOf(number, stored, on))
        .filter(isWorthAsking),
    )
}

/** Whether a rule is asked on this occasion. */
export function isAskedOn(
  { on }: RuleHead,
  { on: occasion, event }: Pick<Question, 'on' | 'event'>,
): boolean {
  return on.includes(occasion) || (event !== null && on.includes(ANY_EVENT))
}

/** What happened is late where it was recorded in a visit that is over: it says nothing of who is there now. */
export function occasionsOf(stored: StoredEntry, occasions: ReadonlySet<string>): readonly string[] {
  if (!isStoredEvent(stored) || stored.late || stored.faulted) return []
  const { eventName } = stored.words
  const isOpening = occasions.has(VISIT_OPENED) && opensVisit(stored)
  const isWanted = occasions.has(ANY_EVENT) || occasions.has(eventName)
  return [...(isOpening ? [VISIT_OPENED] : []), ...(isWanted ? [eventName] : [])]
}

function questionOf(number: number, stored: StoredEntry, on: string): Question {
  const event = on !== VISIT_OPENED && isStoredEvent(stored) ? toGivenEvent(stored) : null
  return { number, seq: stored.seq, on, event }
}

function opensVisit(stored: StoredEntry): boolean {
  return factsOf(stored).some((fact) => fact.type === 'visit.opened' && !fact.late)
}
