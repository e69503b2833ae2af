/** The erasure of a person: hidden at once, then erased visitor by visitor, then the messages, then the receipt (Q12). */
import type { Draft, Store } from '../store/contract.ts'
import type { ErasedSpan, ErasureRow, ErasureSubject } from '../store/erased.ts'
import type { ChangeRow, DeadRow, IdentityRow } from '../store/rows.ts'
import { forgetAddresses } from '../visitors/addresses.ts'
import { changeWithout, type Erased } from '../visitors/redaction.ts'
import type { ErasureParts } from './contract.ts'
import { leftChangeSteps } from './left-changes.ts'
import { countMessages, deadWithout, deleteMessages, mustBePublished, ofPerson } from './messages.ts'
import { personSteps } from './person-steps.ts'
import { type Plan, type Planning, planOf } from './plan.ts'
import { type Counts, STEP_ROWS, type Step, sum } from './steps.ts'

/** Does the steps of an erasure; each is on disk when it resolves, with the counts so far. */
export interface Doing {
  readonly parts: ErasureParts
  readonly subject: ErasureSubject
  /** Since they are hidden nothing is told of them: the last change by then is the last that may name them. */
  readonly lastTold: number
  readonly does: (step: Step) => Promise<void>
}

/** The number of a person whom entries only name, until their erasure begins: no identity has it. */
const UNLINKED = 2 ** 40 - 1

/** The identity's number, or that of one who is only named; 0 = nobody is called so. */
export function personNumber(store: Store, identityId: string): number {
  const number = store.identityNumber(identityId)
  if (store.identity(number) !== null) return number
  return store.mentionsOf(identityId, 1).length > 0 ? UNLINKED : 0
}

/**
 * What stands for the row of one who is only named; null where they have one by now, or never were meant. The number
 * is their own: what a visitor is told of them by their pseudonym makes rows, and those are nobody else's.
 */
export function unlinkedPerson(
  draft: Draft,
  { name: identityId, number, pseudonym }: ErasureSubject,
): IdentityRow | null {
  if (number !== UNLINKED || draft.identityNumber(identityId) !== 0) return null
  const nothing = { position: 0, firstSeen: 0, lastSeen: 0, profile: {}, contactId: null, contact: null }
  return { identity: draft.numberIdentity(pseudonym), identityId, ...nothing }
}

/** The draft's part of the first step: the person is in no list, rule or profile any more. */
export function hidePerson(
  draft: Draft,
  { identity, identityId, profile }: IdentityRow,
  erasure: ErasureRow,
): void {
  draft.hideIdentity(identity, identityId, erasure.subject?.pseudonym ?? '')
  forgetAddresses(draft, identity, profile)
  draft.putErased('person', identityId, erasure.begunAt)
  draft.putErasure(erasure)
}

/** The rest of it, from wherever it stands. */
export async function erasePerson(doing: Doing): Promise<void> {
  const { parts, subject, lastTold, does } = doing
  const { store, messages } = parts
  await mustBePublished(messages(), lastTold)
  const done = new Set<number>()
  for (let number = nextVisitor(store, subject, done); number !== 0; ) {
    await eraseAtVisitor(doing, number)
    done.add(number)
    number = nextVisitor(store, subject, done)
  }
  for (let step = contactStep(store, subject); step !== null; step = contactStep(store, subject)) {
    await does(step)
  }
  for (const step of leftChangeSteps(store, lastTold, namesThem(subject))) await does(step)
  const dead = deadOf(store, erasedOf(subject))
  if (dead.length > 0) await store.putDead(dead)
  await deleteMessages(messages(), ofPerson(store, subject.name), does)
  await does({ erase: { gone: { pseudonym: subject.pseudonym } }, counts: { dead: dead.length } })
}

/** What the same would count, without doing it. */
export async function surveyPerson(parts: ErasureParts, subject: ErasureSubject): Promise<Counts> {
  const { store, messages } = parts
  let counts: Counts = { dead: deadOf(store, erasedOf(subject)).length }
  const plans = new Map<number, Plan>()
  for (const number of visitorsOf(store, subject)) {
    const planning = planningOf(store, subject, number)
    const plan = await planOf(store, planning)
    plans.set(number, plan)
    for (const step of personSteps(store, planning, plan)) counts = sum(counts, step.counts)
  }
  for (let from = 0; ; ) {
    const rows = store.contactsOfIdentity(subject.number, { from, limit: STEP_ROWS })
    if (rows.length > 0) counts = sum(counts, { contacts: rows.length })
    const last = rows.at(-1)
    if (last === undefined || rows.length < STEP_ROWS) break
    from = last.position + 1
  }
  for (const step of leftChangeSteps(store, Number.MAX_SAFE_INTEGER, namesThem(subject))) {
    counts = sum(counts, step.counts)
  }
  return sum(counts, await countMessages(messages(), ofPerson(store, subject.name, plans)))
}

async function eraseAtVisitor({ parts, subject, does }: Doing, number: number): Promise<void> {
  const { store, visitors } = parts
  const { name: identityId, pseudonym, position } = subject
  const row = store.visitor(number)
  if (row !== null) {
    await visitors.inTurn(row.globalVisitID, (visitor) => {
      visitor.forget({ identityId, pseudonym, position, later: laterOf(store, subject) })
    })
    const { spans } = await planOf(store, planningOf(store, subject, number))
    const kept = together(store.erasedSpans(number), spans)
    await visitors.inTurn(row.globalVisitID, (visitor) => visitor.keepSpans(kept))
  }
  // Read again: what came late while it was read belongs to it too, and nothing does any more.
  const planning = planningOf(store, subject, number)
  const plan = await planOf(store, planning)
  for (const step of personSteps(store, planning, plan)) await does(step)
}

/** Each once: after a crash the same ones are found again. */
function together(kept: readonly ErasedSpan[], spans: readonly ErasedSpan[]): readonly ErasedSpan[] {
  const all = [...kept, ...spans].map((span) => [`${span.visit} ${span.from} ${span.to}`, span] as const)
  return [...new Map(all).values()]
}

function planningOf(store: Store, subject: ErasureSubject, number: number): Planning {
  const { name: identityId, pseudonym, number: identity } = subject
  return { identityId, pseudonym, identity, number, later: laterOf(store, subject) }
}

/** Pseudonyms of those who came back by the same id, and are being erased too. */
function laterOf(store: Store, { name, position, pseudonym }: ErasureSubject): readonly string[] {
  return store.erasures().flatMap(({ subject }) => {
    const isLater = subject?.name === name && subject.position >= position
    return isLater && subject.pseudonym !== pseudonym ? [subject.pseudonym] : []
  })
}

function erasedOf({ name: identityId, pseudonym }: ErasureSubject): Erased {
  return { identityId, pseudonym }
}

/** A visitor that still has a link to the person, or names them otherwise; 0 = none. */
function nextVisitor(store: Store, { number, name }: ErasureSubject, done: ReadonlySet<number>): number {
  const [link] = store.linksOfIdentity(number, { limit: 1 })
  if (link !== undefined) return link.number
  // One that is done may name who came back by the same id: that stays.
  return store.mentionsOf(name, done.size + 1).find((named) => !done.has(named)) ?? 0
}

function visitorsOf(store: Store, { number, name }: ErasureSubject): ReadonlySet<number> {
  const all = { limit: Number.MAX_SAFE_INTEGER }
  return new Set([
    ...store.linksOfIdentity(number, all).map((link) => link.number),
    ...store.mentionsOf(name, all.limit),
  ])
}

function contactStep(store: Store, { number }: ErasureSubject): Step | null {
  const contacts = store.contactsOfIdentity(number, { limit: STEP_ROWS })
  if (contacts.length === 0) return null
  return { erase: { gone: { contacts } }, counts: { contacts: contacts.length } }
}

function namesThem(subject: ErasureSubject): (change: ChangeRow) => boolean {
  const erased = erasedOf(subject)
  return (change) => changeWithout(erased, change) !== null
}

function deadOf(store: Store, erased: Erased): readonly DeadRow[] {
  return deadWithout(store, (row) => {
    const change = changeWithout(erased, row.change)
    return change === null ? null : { ...row, change }
  })
}
