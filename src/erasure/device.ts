/** The erasure of a device: hidden at once, then every row of its visitor, its words about people too (Q12). */
import type { Store } from '../store/contract.ts'
import type { ErasureSubject } from '../store/erased.ts'
import type { ChangeRow, DeadRow, IdentityRow, LinkRow } from '../store/rows.ts'
import { forgetAddresses } from '../visitors/addresses.ts'
import { visitIDsIn } from '../visitors/entries.ts'
import type { ErasureParts } from './contract.ts'
import { leftChangeSteps } from './left-changes.ts'
import { mentionSteps } from './mentions.ts'
import { countMessages, deadWithout, deleteMessages, mustBePublished, ofDevice } from './messages.ts'
import type { Doing } from './person.ts'
import { pagesOf, sessionsOf, visitsOf } from './person-steps.ts'
import { type Counts, inParts, STEP_ENTRIES, STEP_ROWS, type Step, sum } from './steps.ts'

/** The rest of it, from wherever it stands; its first step is the actor's. */
export async function eraseDevice({ parts, subject, lastTold, does }: Doing): Promise<void> {
  const { store, visitors, messages } = parts
  const { name: globalVisitID, number } = subject
  await visitors.inTurn(globalVisitID, (visitor) => visitor.erase())
  await mustBePublished(messages(), lastTold)
  for (const step of contactSteps(store, number)) await does(step)
  for (const visit of visitsOf(store, number)) {
    for (const link of store.linksOfVisit(number, visit.ordinal)) {
      const person = store.identity(link.identity)
      for (const step of linkSteps(link, { person, globalVisitID })) await does(step)
      // Before the link: while that is there, a start finds them again.
      if (person !== null && isLastOf(store, person, number)) await does(personStep(store, person))
      await does({ erase: { gone: { links: [link] } }, counts: { links: 1 } })
    }
  }
  for (const step of mentionSteps(store, globalVisitID)) await does(step)
  await deleteMessages(messages(), ofDevice(globalVisitID), does)
  for (const step of leftChangeSteps(store, lastTold, isOf(number))) await does(step)
  const due = parts.now() + NAMES_KEEP_MS
  for (const step of rowSteps(store, number, { due })) await does(step)
  const dead = deadOf(store, number)
  if (dead.length > 0) await store.putDead(dead)
  await does({ erase: { gone: { token: globalVisitID } }, counts: { dead: dead.length, visitors: 1 } })
}

/** What the same would count, without doing it. */
export async function surveyDevice(parts: ErasureParts, subject: ErasureSubject): Promise<Counts> {
  const { store, messages } = parts
  const { name: globalVisitID, number } = subject
  let counts: Counts = { dead: deadOf(store, number).length, visitors: 1 }
  const people = new Set<number>()
  for (const visit of visitsOf(store, number)) {
    for (const link of store.linksOfVisit(number, visit.ordinal)) {
      const person = people.has(link.identity) ? null : store.identity(link.identity)
      people.add(link.identity)
      for (const step of linkSteps(link, { person, globalVisitID })) counts = sum(counts, step.counts)
      const isOnlyHere = person !== null && !isKnownElsewhere(store, person, number)
      counts = sum(counts, isOnlyHere ? { links: 1, people: 1 } : { links: 1 })
    }
  }
  for (const step of contactSteps(store, number, { isDry: true })) counts = sum(counts, step.counts)
  for (const step of mentionSteps(store, globalVisitID)) counts = sum(counts, step.counts)
  counts = sum(counts, await countMessages(messages(), ofDevice(globalVisitID)))
  for (const step of leftChangeSteps(store, Number.MAX_SAFE_INTEGER, isOf(number))) {
    counts = sum(counts, step.counts)
  }
  for (const step of rowSteps(store, number, { isDry: true, due: 0 })) counts = sum(counts, step.counts)
  return counts
}

const isOf =
  (number: number) =>
  (change: ChangeRow): boolean =>
    change.number === number

/** What the person said of themselves here. */
function* linkSteps(
  link: LinkRow,
  { person, globalVisitID }: { readonly person: IdentityRow | null; readonly globalVisitID: string },
): Generator<Step> {
  const saidHere = Object.values(person?.profile ?? {}).filter((said) => said.globalVisitID === globalVisitID)
  if (saidHere.length > 0) {
    yield {
      change: (draft) => {
        const row = draft.identity(link.identity)
        if (row === null) return
        const kept = Object.entries(row.profile).filter(([, said]) => said.globalVisitID !== globalVisitID)
        draft.putIdentity({ ...row, profile: Object.fromEntries(kept) })
        const gone = Object.entries(row.profile).filter(([, said]) => said.globalVisitID === globalVisitID)
        forgetAddresses(draft, link.identity, Object.fromEntries(gone))
      },
      counts: { profileValues: saidHere.length },
    }
  }
}

/** A person whom nobody else has seen goes with the device: their id would say that they were somewhere. */
function personStep(store: Store, { identity, lastSeen }: IdentityRow): Step {
  return {
    change: (draft) => {
      const row = draft.identity(identity)
      // A link that is being made has touched the row.
      if (row === null || row.lastSeen !== lastSeen || store.linksOfIdentity(identity, TWO).length > 1) return
      forgetAddresses(draft, identity, row.profile)
      draft.dropIdentity(identity, row.identityId)
    },
    counts: { people: 1 },
  }
}

const TWO = { limit: 2 }

function isLastOf(store: Store, person: IdentityRow, number: number): boolean {
  return store.linksOfIdentity(person.identity, TWO).length === 1 && !isKnownElsewhere(store, person, number)
}

/** Another device has a link to them, or its history names them. */
function isKnownElsewhere(store: Store, { identity, identityId }: IdentityRow, number: number): boolean {
  if (store.mentionsOf(identityId, 2).some((other) => other !== number)) return true
  for (let from = 0; ; ) {
    const links = store.linksOfIdentity(identity, { from, limit: STEP_ROWS })
    if (links.some((link) => link.number !== number)) return true
    const last = links.at(-1)
    if (last === undefined || links.length < STEP_ROWS) return false
    from = last.position + 1
  }
}

/** E9: for so long no other visitor may use a visitID of the device. */
const NAMES_KEEP_MS = 30 * 24 * 60 * 60_000

/** Remembered eventIDs that go in one step: each is a dozen bytes. */
const SEEN_ROWS = 2_000

/** A dry run reads on where another would find the rows gone. */
function* contactSteps(
  store: Store,
  number: number,
  { isDry = false }: { readonly isDry?: boolean } = {},
): Generator<Step> {
  for (let from = 0; ; ) {
    const contacts = store.contactsOfVisitor(number, { from, limit: STEP_ROWS })
    const last = contacts.at(-1)
    if (last === undefined) break
    yield { erase: { gone: { contacts } }, counts: { contacts: contacts.length } }
    if (isDry) from = last.position + 1
  }
}

/** All other rows that begin with the visitor's number. */
function* rowSteps(
  store: Store,
  number: number,
  { isDry = false, due }: { readonly isDry?: boolean; readonly due: number },
): Generator<Step> {
  for (let from = 1; ; ) {
    const chunks = store.chunks(number, { from, entries: STEP_ENTRIES })
    const entries = chunks.flatMap((chunk) => chunk.entries)
    const last = entries.at(-1)
    if (last === undefined) break
    const changes = entries.flatMap(({ position }) =>
      store.changes({ from: position, to: position, limit: 1 }),
    )
    const gone = { chunks: chunks.map(({ seq }) => ({ number, seq })), changes }
    const names = entries.flatMap(visitIDsIn)
    const fading = names.map(
      ({ name, visit: before }) => ({ due, what: 'name', number, before, name }) as const,
    )
    yield { erase: { gone, fading }, counts: { entries: entries.length, changes: changes.length } }
    from = last.seq + 1
  }
  while (!isDry && store.hasSeen(number))
    yield { erase: { gone: { seen: { number, limit: SEEN_ROWS } } }, counts: {} }
  yield* placeSteps(store, number)
  const bases: { number: number; seq: number }[] = []
  for (let base = store.baseAtOrBefore(number, Number.MAX_SAFE_INTEGER); base !== null; ) {
    bases.push({ number, seq: base.seq })
    base = store.baseAtOrBefore(number, base.seq - 1)
  }
  for (const part of inParts(bases))
    yield { erase: { gone: { bases: part } }, counts: { bases: part.length } }
}

/** The names of visits stay for a while, hashed: until then a visitID is nobody else's (E9). */
function* placeSteps(store: Store, number: number): Generator<Step> {
  for (const visit of visitsOf(store, number)) {
    const { ordinal } = visit
    for (const pages of inParts(pagesOf(store, number, ordinal))) {
      const names = pages.map(({ pageId: name }) => ({ kind: 'page', name }) as const)
      yield { erase: { gone: { pages, names } }, counts: { pages: pages.length } }
    }
    for (const sessions of inParts(sessionsOf(store, number, ordinal))) {
      const names = sessions.map(({ sessionId: name }) => ({ kind: 'session', name }) as const)
      yield { erase: { gone: { sessions, names } }, counts: { sessions: sessions.length } }
    }
    yield { erase: { gone: { visits: [visit] } }, counts: { visits: 1 } }
  }
}

function deadOf(store: Store, number: number): readonly DeadRow[] {
  return deadWithout(store, (row) =>
    row.change.number === number ? { ...row, change: { ...row.change, globalVisitID: '', data: {} } } : null,
  )
}
