/**
 * What is known of a visitor, folded entry by entry from the outcomes that were stored with them: what was decided
 * then, whatever the machine would decide today. Outcomes say nothing of pages: their rows and the events do.
 */
import { interactionOf } from '../../machines/belief-steps.ts'
import { NOBODY, OPEN_PAGES_MAX, type OpenPage, REJECTED_MAX } from '../../machines/context.ts'
import type { Interaction, Settings } from '../../machines/entries.ts'
import type { Fact, IdentityChanged, LinkHow, Who } from '../../machines/facts.ts'
import { isStoredEvent, type PageRow, type StoredEntry, type StoredEvent } from '../store/rows.ts'
import { factsOf } from './entries.ts'
import type { Viewed, ViewedVisit } from './views.ts'

export interface Known extends Viewed {
  /** The visit that ended last, and who was believed to be there: what a wrong end is undone from (V10). */
  readonly latest: { readonly visit: ViewedVisit; readonly who: Who } | null
  /** How to treat them, as it was told when they became so. */
  readonly interaction: Interaction
}

/** A page's row, by the ordinals of its visit and of itself. */
export type LookUpPage = (visit: number, ordinal: number) => PageRow | null

/** Of a visitor at birth. */
export function knownAtBirth(settings: Settings): Known {
  const nothing = { visit: null, latest: null, rejected: [], leases: [], withdrawnAt: null }
  return { ...nothing, who: NOBODY, settings, interaction: interactionOf(NOBODY, settings) }
}

/** What is known after an entry. One that faulted changed nothing (E12). */
export function fold(before: Known, entry: StoredEntry, lookUpPage: LookUpPage): Known {
  if (entry.faulted) return before
  const facts = factsOf(entry)
  const told = facts.reduce((known, fact) => withFact(known, fact, entry), erasedFrom(before, entry))
  if (isStoredEvent(entry)) return withEvent(told, entry, { facts, lookUpPage })
  if (entry.kind === 'server.started') return withSettings(told, entry.payload.settings)
  return withBelief(told, entry, facts)
}

/** Q12: what an erased entry told of whoever was there is gone; nobody is, until another entry says so. */
function erasedFrom(known: Known, entry: StoredEntry): Known {
  const isLate = isStoredEvent(entry) && entry.late
  if (entry.erased !== true || isLate || known.who.identityId === null) return known
  const { settings, visit } = known
  return {
    ...known,
    who: { ...NOBODY, since: entry.at, asOf: entry.at, changedSeq: entry.seq },
    interaction: interactionOf(NOBODY, settings),
    visit: visit && { ...visit, session: null },
  }
}

function withFact(known: Known, fact: Fact, entry: StoredEntry): Known {
  const { visit, latest, who, rejected, leases } = known
  switch (fact.type) {
    case 'visit.opened': {
      if (fact.late) return known
      const { ordinal, visitId, startedAt, implicit } = fact
      const opened = { ordinal, visitId, startedAt, implicit, lastActivityAt: startedAt }
      return { ...known, visit: { ...opened, pages: [], session: null } }
    }
    case 'visit.ended':
      if (visit?.ordinal !== fact.ordinal) return known
      return { ...known, visit: null, latest: { visit, who }, leases: [] }
    case 'visit.reopened':
      return latest === null ? known : { ...known, visit: latest.visit, latest: null }
    case 'session.opened': {
      const { ordinal, sessionId, identityId, startedAt } = fact
      return {
        ...known,
        visit: visit && { ...visit, session: { ordinal, sessionId, identityId, startedAt } },
      }
    }
    case 'session.closed':
      if (visit?.session?.ordinal !== fact.ordinal) return known
      return { ...known, visit: { ...visit, session: null } }
    case 'identity.changed':
      return { ...known, who: whoOf(fact, known, entry), interaction: fact.interaction }
    case 'rejection.kept':
      return { ...known, rejected: [...rejected, fact.identityId].slice(-REJECTED_MAX) }
    case 'rejection.lifted':
      return { ...known, rejected: rejected.filter((identityId) => identityId !== fact.identityId) }
    case 'lease.granted': {
      const { leaseId, engine, purpose, until } = fact
      const others = leases.filter((lease) => lease.leaseId !== leaseId)
      return { ...known, leases: [...others, { leaseId, engine, purpose, until }] }
    }
    case 'lease.ended':
      return { ...known, leases: leases.filter(({ leaseId }) => leaseId !== fact.leaseId) }
    case 'consent.changed':
      return { ...known, withdrawnAt: fact.withdrawn ? entry.at : null }
    default:
      return known
  }
}

function whoOf(fact: IdentityChanged, known: Known, { seq, at }: StoredEntry): Who {
  const { state, identityId, confidence, asOf, halfLifeMs } = fact
  return {
    ...{ state, identityId, confidence, asOf, halfLifeMs },
    ...{ how: howOf(fact, known), since: at, changedSeq: seq },
  }
}

/** How a belief came about: what its cause says; of one that came back, what fits how it is treated. */
function howOf({ state, cause, interaction }: IdentityChanged, { settings }: Known): LinkHow | null {
  if (state === 'anonymous') return null
  if (state === 'authenticated') return 'SignIn'
  if (state === 'wmRecognized') return 'rule'
  if (cause.eventName === 'SignOut' || cause.eventName === 'UserInfo') return cause.eventName
  return interaction === settings.interaction.confirmed ? 'agent' : 'UserInfo'
}

/** E5: activity moves with each event of the open visit; entering and leaving pages opens and closes them. */
function withEvent(
  known: Known,
  entry: StoredEvent,
  { facts, lookUpPage }: { readonly facts: readonly Fact[]; readonly lookUpPage: LookUpPage },
): Known {
  const { visit } = known
  // What was placed elsewhere is not of the open visit.
  if (visit === null || facts.some(({ type }) => type === 'event.placed')) return known
  const lastActivityAt = Math.max(visit.lastActivityAt, entry.occurredAt)
  return { ...known, visit: { ...visit, lastActivityAt, pages: pagesAfter(visit, entry, lookUpPage) } }
}

function pagesAfter(
  { ordinal, pages }: ViewedVisit,
  { words, page, erased }: StoredEvent,
  lookUpPage: LookUpPage,
): readonly OpenPage[] {
  if (words.eventType !== 'SYSTEM' || erased === true) return pages
  const others = pages.filter(({ browserPageID }) => browserPageID !== words.pageID)
  if (words.eventName === 'PageExited') return others.length === pages.length ? pages : others
  if (words.eventName !== 'PageEntered') return pages
  const row = lookUpPage(ordinal, page)
  if (row === null) return pages
  const { pageId, browserPageID, startDate: enteredAt } = row
  const isFull = others.length === pages.length && pages.length >= OPEN_PAGES_MAX
  return [...(isFull ? pages.slice(1) : others), { ordinal: page, pageId, browserPageID, enteredAt }]
}

/** A start with other settings decides nothing, and may have them treated otherwise. */
function withSettings(known: Known, stored: unknown): Known {
  // The boundary where a stored payload becomes the settings that it was made of.
  const settings = stored as Settings
  return { ...known, settings, interaction: interactionOf(known.who, settings) }
}

/** Who is believed to be there stayed the same, and it is known with another confidence: no change, so none is told. */
function withBelief(
  known: Known,
  { kind, at, payload }: StoredEntry & { payload: Payload },
  facts: readonly Fact[],
): Known {
  const isTold = facts.some(({ type }) => type === 'identity.changed')
  const isApplied = facts.some((fact) => fact.type === 'answered' && fact.applied)
  if (isTold || !isApplied) return known
  const { who, settings } = known
  if (kind === 'confirm') {
    const since = who.how === 'agent' ? who.since : at
    const { confirmed: confidence } = settings.confidence
    return { ...known, who: { ...who, confidence, asOf: at, halfLifeMs: null, how: 'agent', since } }
  }
  if (kind !== 'assume' && kind !== 'rule.answered') return known
  // The boundary where a payload becomes what the rule said: itself, or its answer.
  const said = (kind === 'assume' ? payload : payload.answer) as Pick<Who, 'confidence' | 'halfLifeMs'>
  return { ...known, who: { ...who, confidence: said.confidence, asOf: at, halfLifeMs: said.halfLifeMs } }
}

type Payload = Readonly<Record<string, unknown>>
