/** What a stored entry tells of who was believed to be there: its outcome read again, in the words users see. */
import type { Cause, Fact, IdentityState } from '../../machines/facts.ts'
import { type GuardName, guardNames } from '../../machines/guards.ts'
import { isStoredEvent, type StoredEntry } from '../store/rows.ts'
import { SPELLED } from './changes.ts'

export interface Account {
  /** The visit that it opened and left open. */
  readonly opened: string | null
  readonly reopened: string | null
  readonly ended: { readonly visitId: string; readonly reason: string } | null
  /** The questions that its kind asks, where it had something to decide. */
  readonly guards: readonly { readonly guard: GuardName; readonly held: boolean }[]
  readonly changes: readonly AccountedChange[]
  /** What its caller was told. */
  readonly answer: { readonly applied: boolean; readonly reason: string | null } | null
  /** Whom it names, or the visit that it names stood for. */
  readonly named: string | null
  /** It has to do with who is believed to be there. */
  readonly matters: boolean
}

export interface AccountedChange {
  readonly state: string
  readonly identityId: string | null
  readonly confidence: number | null
  readonly asOf: number
  readonly halfLifeMs: number | null
  readonly previous: { readonly state: string; readonly identityId: string | null }
  readonly cause: Cause
  readonly interaction: string
}

/** What each kind of entry is asked, by the name of the event or the kind itself. */
const ASKED: Readonly<Record<string, readonly GuardName[]>> = {
  SignIn: ['namesCurrent'],
  UserInfo: ['namesCurrent', 'namesNobody', 'isRejectedHere', 'isConfirmedOtherwise', 'mayRecognize'],
  assume: ['isRejectedHere', 'isMoreConfident'],
  'rule.answered': ['isRejectedHere', 'isMoreConfident'],
  confirm: ['changedSince'],
  reject: ['namesCurrent', 'changedSince'],
  retract: ['mayRetract', 'decidedCurrent'],
  'person.erased': ['namesCurrent'],
}

export function accountOf(entry: StoredEntry): Account {
  const facts = factsOf(entry)
  const account = {
    opened: find(facts, 'visit.opened', ({ late }) => !late)?.visitId ?? null,
    reopened: find(facts, 'visit.reopened')?.visitId ?? null,
    ended: endedIn(facts),
    guards: guardsOf(entry, facts),
    changes: facts.flatMap((fact) => (fact.type === 'identity.changed' ? [changeOf(fact)] : [])),
    answer: answerIn(facts),
    named: namedBy(entry),
  }
  const { opened, reopened, ended, guards, changes, answer } = account
  // A lease is answered, too, and decides nothing about anybody.
  const isDecision = answer !== null && entry.kind in ASKED
  const matters =
    [opened, reopened, ended].some((told) => told !== null) ||
    guards.length > 0 ||
    changes.length > 0 ||
    isDecision
  return { ...account, matters }
}

/** The boundary where a stored outcome becomes facts again: what `putRows` kept. */
function factsOf({ outcome }: StoredEntry): readonly Fact[] {
  return Array.isArray(outcome) ? (outcome as readonly Fact[]) : []
}

function find<Type extends Fact['type']>(
  facts: readonly Fact[],
  type: Type,
  holds: (fact: Extract<Fact, { type: Type }>) => boolean = () => true,
): Extract<Fact, { type: Type }> | undefined {
  return facts.find(
    (fact): fact is Extract<Fact, { type: Type }> =>
      fact.type === type && holds(fact as Extract<Fact, { type: Type }>),
  )
}

/** A visit that was open until then; a late one is opened and ended at once. */
function endedIn(facts: readonly Fact[]): Account['ended'] {
  const ended = find(facts, 'visit.ended', ({ reason }) => reason !== 'late')
  return ended === undefined ? null : { visitId: ended.visitId, reason: ended.reason }
}

function guardsOf(entry: StoredEntry, facts: readonly Fact[]): Account['guards'] {
  const considered = find(facts, 'considered')
  if (considered === undefined) return []
  const held = guardNames(considered.guards)
  const asked = ASKED[isStoredEvent(entry) ? entry.words.eventName : entry.kind] ?? []
  return asked.map((guard) => ({ guard, held: held.includes(guard) }))
}

function changeOf(fact: Extract<Fact, { type: 'identity.changed' }>): AccountedChange {
  const { state, identityId, confidence, asOf, halfLifeMs, previous, cause, interaction } = fact
  const spelled = (name: IdentityState): string => SPELLED[name]
  return {
    state: spelled(state),
    identityId,
    confidence,
    asOf,
    halfLifeMs,
    previous: { state: spelled(previous.state), identityId: previous.identityId },
    cause,
    interaction,
  }
}

function answerIn(facts: readonly Fact[]): Account['answer'] {
  const answered = find(facts, 'answered')
  return answered === undefined ? null : { applied: answered.applied, reason: answered.reason }
}

function namedBy(entry: StoredEntry): string | null {
  if (!isStoredEvent(entry)) return idIn(entry.payload) ?? idIn(entry.payload.answer)
  // `givenOf` in entries.ts made it.
  const given = entry.given
  if (typeof given !== 'object' || given === null) return null
  if ('i' in given && typeof given.i === 'string') return given.i
  return 'looked' in given ? idIn(given.looked) : null
}

function idIn(value: unknown): string | null {
  const isNaming = typeof value === 'object' && value !== null && 'identityId' in value
  return isNaming && typeof value.identityId === 'string' ? value.identityId : null
}
