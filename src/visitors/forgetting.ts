/** A person who is being erased: every visitor that knows them forgets them before anything else happens there (Q12). */
import type { Visit, VisitorContext } from '../../machines/context.ts'
import type { Entry, NamedVisit } from '../../machines/entries.ts'
import { forgetsPerson } from '../../machines/verdict-steps.ts'
import type { Draft, RowReads, Store } from '../store/contract.ts'
import { isStoredEvent, type VisitorRow } from '../store/rows.ts'
import type { Awake } from './awake.ts'
import type { NewEntry, NewEvent } from './contract.ts'
import type { Erased } from './redaction.ts'

export interface Forgetting extends Erased {
  /** Of those who came back by the same id and are erased too: who was forgotten as one of them is forgotten. */
  readonly later?: readonly string[]
  /** The node's position when it began: whoever has forgotten them did so behind it. */
  readonly position: number
}

/** Entries read back at a time. */
const STRIDE = 200

/** Whether the visitor's state names them. They may have come back as somebody new: see `hasForgotten`. */
export function knows(context: VisitorContext, { identityId }: Forgetting): boolean {
  return JSON.stringify({ ...context, settings: null }).includes(JSON.stringify(identityId))
}

/** Whether the visitor was told already; what it says of them since is about somebody new. */
export function hasForgotten(store: Store, awake: Awake, person: Forgetting): boolean {
  if (toldBy(person).some((pseudonym) => awake.forgotten.has(pseudonym))) return true
  const isTold = wasTold(store, awake.row, person)
  if (isTold) awake.forgotten.add(person.pseudonym)
  return isTold
}

/** The same, of its stream alone. */
export function wasTold(
  store: Pick<Store, 'entries'>,
  { number, seq }: Pick<VisitorRow, 'number' | 'seq'>,
  person: Forgetting,
): boolean {
  const [pseudonyms, { position }] = [toldBy(person), person]
  for (let from = seq; from > 0; ) {
    const entries = store.entries(number, { from, limit: STRIDE, reverse: true })
    for (const entry of entries) {
      if (entry.position <= position) return false
      if (!isStoredEvent(entry) && pseudonyms.includes(String(entry.payload.pseudonym))) return true
    }
    from = (entries.at(-1)?.seq ?? 1) - 1
  }
  return false
}

function toldBy({ pseudonym, later = [] }: Forgetting): readonly string[] {
  return [pseudonym, ...later]
}

/** Whoever is current and being erased too goes first: no entry may be of them, not even one that forgets somebody else. */
export function goingBefore(
  { pseudonym }: Forgetting,
  { who }: VisitorContext,
  forgetting: ReadonlyMap<string, Forgetting>,
): readonly Forgetting[] {
  const current = forgetting.get(who.identityId ?? '')
  return current === undefined || current.pseudonym === pseudonym ? [] : [current]
}

/** Whom an entry names, or null. */
export function namedBy(entry: NewEntry): string | null {
  if (entry.type === 'rule.answered') return entry.answer?.identityId ?? null
  return 'identityId' in entry ? entry.identityId : null
}

/** What was found out about somebody before they were erased, and comes only now: it would bring them back. */
export function comesTooLate(reads: RowReads, entry: NewEntry): boolean {
  if (entry.type !== 'rule.answered' && entry.type !== 'contact.linked') return false
  const identityId = namedBy(entry)
  if (identityId === null || reads.identityNumber(identityId) !== 0) return false
  return reads.erasedAt('person', identityId) !== 0
}

/**
 * It occurred before the person it names, or the stretch of the visit it belongs to, was erased. `ordinal` 0: it will
 * be recorded in whatever visit was open then.
 */
export function isErased(
  { awake, draft, event }: { readonly awake: Awake; readonly draft: Draft; readonly event: NewEvent },
  ordinal: number,
  occurredAt: number,
): boolean {
  const { erasedSpans } = awake
  const { identityId } = event
  if (identityId !== null && occurredAt <= draft.erasedAt('person', identityId)) return true
  return (
    erasedSpans.length > 0 &&
    erasedSpans.some(
      ({ visit, from, to }) => (visit === ordinal || ordinal === 0) && from <= occurredAt && occurredAt <= to,
    )
  )
}

/** Who is named and not linked to the visit by it, and other devices: an erasure finds them here all the same. */
export function noteMentions(
  { awake, draft, visit }: { readonly awake: Awake; readonly draft: Draft; readonly visit: Visit | null },
  entry: NewEntry,
): void {
  const identityId = namedBy(entry)
  const inputs = entry.type === 'rule.answered' ? entry.inputs : null
  const people = new Set([...(identityId === null ? [] : [identityId]), ...textsAt(inputs, 'identityId')])
  for (const named of people) {
    const identity = draft.identityNumber(named)
    const isLinked = visit !== null && draft.link(awake.number, visit.ordinal, identity) !== null
    if (!isLinked) draft.putMention(named, awake.number)
  }
  for (const device of new Set(textsAt(inputs, 'globalVisitID'))) {
    if (device !== awake.globalVisitID) draft.putMention(deviceMention(device), awake.number)
  }
}

/** By what a device is remembered where another's stream names it: no identityId has such a character (E8). */
export function deviceMention(globalVisitID: string): string {
  return `\u0000${globalVisitID}`
}

/** The texts under this key, anywhere in plain data. */
function textsAt(value: unknown, key: string): readonly string[] {
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([name, inner]) =>
    name === key && typeof inner === 'string' ? [inner] : textsAt(inner, key),
  )
}

/** The visit that an event names belongs to it; 0 where it is not known, or had ended before the event occurred (V7, V10). */
export function visitOf(
  {
    visitID,
    open,
    named,
  }: { readonly visitID: string; readonly open: Visit | null; readonly named: NamedVisit | null },
  occurredAt: number,
): number {
  if (named === null) return open?.visitId === visitID ? open.ordinal : 0
  return named.endedAt === 0 || occurredAt <= named.endedAt ? named.ordinal : 0
}

/** Q12: the rows that an erasure makes name the pseudonym, also where they tell of what was before it. */
export function beforeOf(entry: Entry, context: VisitorContext): VisitorContext {
  return entry.type === 'person.erased' ? forgetsPerson(context, entry).context : context
}
