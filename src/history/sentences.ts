/** What an entry did about who is believed to be there, as one plain sentence. */
import { isStoredEvent, type StoredEntry } from '../store/rows.ts'
import type { Account, AccountedChange } from '../visitors/account.ts'

/** The sentence for one step. */
export function sentenceOf(entry: StoredEntry, account: Account): string {
  const { changes } = account
  const did = whatCame(entry, account)
  const became = changes.map(becameOf).join('; then ')
  return `${did}${became === '' ? whyNothing(entry, account) : `: ${became}`}.`
}

/** The sentence for the state. */
export function sentenceOfState(state: string, identityId: string | null, confidence: number | null): string {
  if (identityId === null) return 'Nobody is known.'
  const sure = confidence === null ? '' : `, ${percent(confidence)} sure`
  return `${identityId} is ${state}${sure}.`
}

function becameOf({ state, identityId, confidence, previous }: AccountedChange): string {
  const before = previous.identityId === null ? previous.state : `${previous.state} ${previous.identityId}`
  const after = identityId === null ? state : `${state} ${identityId}`
  return `${before} became ${after}${confidence === null ? '' : `, ${percent(confidence)} sure`}`
}

function whatCame(entry: StoredEntry, { opened, reopened, ended, named }: Account): string {
  const visit =
    reopened !== null
      ? `, and visit ${reopened} went on`
      : opened !== null
        ? `, and visit ${opened} was opened`
        : ended !== null
          ? `, and visit ${ended.visitId} ended (${ended.reason})`
          : ''
  return `${nameOf(entry, named)}${visit}`
}

function nameOf(entry: StoredEntry, named: string | null): string {
  if (isStoredEvent(entry)) return `${entry.words.eventName} came${named === null ? '' : `, naming ${named}`}`
  const { kind, payload } = entry
  const somebody = named ?? 'nobody'
  switch (kind) {
    case 'assume':
    case 'rule.answered':
      return `Rule ${text(payload.rule)} assumed ${somebody}`
    case 'confirm':
      return `Agent ${text(payload.agentId)} confirmed ${somebody}`
    case 'reject':
      return `Agent ${text(payload.agentId)} rejected ${somebody}`
    case 'retract':
      return `Agent ${text(payload.agentId)} took the verdict of entry ${text(payload.verdictSeq)} back`
    case 'deadline':
      return `The deadline "${text(payload.deadline)}" fell due`
    case 'person.erased':
      return 'A person was erased'
    default:
      return `"${kind}" came`
  }
}

const REFUSALS: Readonly<Record<string, string>> = {
  noVisit: 'no visit was open',
  conflict: 'it did not fit how things stood',
  outranked: 'more was known already',
  rejectedHere: 'an agent had said that it is not them',
  lessConfident: 'it was no surer than what was assumed already',
  stale: 'the identity had changed since the rule was asked',
  noAnswer: 'the rule had no answer',
}

/** Why nothing changed, where something was decided. */
function whyNothing({ kind }: StoredEntry, { answer, guards }: Account): string {
  if (answer !== null && !answer.applied)
    return `, which was ignored: ${REFUSALS[answer.reason ?? ''] ?? answer.reason}`
  const held = (name: string): boolean => guards.some(({ guard, held }) => guard === name && held)
  if (kind !== 'event' || guards.length === 0) return ''
  if (held('namesCurrent')) return ', who was known already: more was learned of them'
  if (held('namesNobody')) return ', which names nobody: nothing changed'
  if (held('isRejectedHere')) return ', whom an agent had said it is not: nothing changed'
  if (held('isConfirmedOtherwise')) return ', but an agent had confirmed somebody else: nothing changed'
  return ', but a sign-in outranks it: nothing changed'
}

function percent(confidence: number): string {
  return `${Math.round(confidence * 1_000) / 10} %`
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : typeof value === 'number' ? String(value) : '?'
}
