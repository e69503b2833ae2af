/** The visit region's steps: what opening, ending, returning and recording make of a context (V1 to V13). */
import { type EndedVisit, OPEN_PAGES_MAX, type OpenPage, type Visit, type VisitorContext } from './context.ts'
import type { Entry, EventEntry, VisitEndReason } from './entries.ts'
import type { Fact, PageClosed } from './facts.ts'
import { placeOf } from './places.ts'
import type { Raised } from './raised.ts'
import { becomes, chain, type Step, withFacts } from './steps.ts'

/** V1, V2, V10: opens the visit an event belongs to, and records the event in it. */
export function opensVisit(context: VisitorContext, entry: EventEntry): Step {
  const visitId = placeOf(context, entry) === 'derived' ? entry.ids.visitId : entry.event.visitID
  return chain(openVisit(context, entry, visitId), (opened) => records(opened, entry))
}

/** V7a: another visit began; the open one ends when it did. */
export function supersedesVisit(context: VisitorContext, entry: EventEntry): Step {
  const ended = endVisit(context, entry, { reason: 'superseded', endedAt: entry.occurredAt })
  return chain(
    chain(ended, (away) => openVisit(away, entry, entry.event.visitID)),
    (opened) => records(opened, entry),
  )
}

function openVisit(context: VisitorContext, entry: EventEntry, visitId: string): Step {
  const { at, occurredAt, userAgentId } = entry
  const implicit = entry.event.eventName !== 'VisitStarted' || entry.event.eventType !== 'SYSTEM'
  const ordinal = context.counts.visits + 1
  const visit: Visit = {
    ordinal,
    visitId,
    startedAt: occurredAt,
    implicit,
    lastActivityAt: occurredAt,
    idleAt: at + context.settings.visitIdleMs,
    maxAt: occurredAt + context.settings.visitMaxMs,
    leaveAt: null,
    departedAt: null,
    hasSocket: false,
    pages: [],
    session: null,
    signedIn: [],
    confirmed: null,
  }
  const opened: VisitorContext = { ...context, visit, counts: { ...context.counts, visits: ordinal } }
  const fact: Fact = {
    type: 'visit.opened',
    ordinal,
    visitId,
    startedAt: occurredAt,
    implicit,
    late: false,
    userAgentId,
  }
  return withFacts(becomes(opened), fact)
}

/** V3, V7b, V10, V13: an event of the open visit, also under a new name. */
export function recordsInOpen(context: VisitorContext, entry: EventEntry): Step {
  const recorded = records(context, entry)
  if (context.visit === null || placeOf(context, entry) !== 'alias') return recorded
  return withFacts(recorded, {
    type: 'visit.aliased',
    ordinal: context.visit.ordinal,
    name: entry.event.visitID,
  })
}

/** V3: activity moves, pages open and close, and what may decide an identity is raised. */
function records(context: VisitorContext, entry: EventEntry): Step {
  const given = givesConsent(context, entry)
  const moved = chain(given, (now) => becomes(movesActivity(now, entry)))
  const paged = chain(moved, (now) => turnsPage(now, entry))
  const raised = raisedBy(paged.context, entry)
  return raised === null ? paged : { ...paged, raised: [...paged.raised, raised] }
}

/** V11: what was on its way when consent was withdrawn gives it no more. */
function givesConsent(context: VisitorContext, { consent, occurredAt }: EventEntry): Step {
  const { withdrawnAt } = context
  if (!consent || withdrawnAt === null || occurredAt < withdrawnAt) return becomes(context)
  return withFacts(becomes({ ...context, withdrawnAt: null }), { type: 'consent.changed', withdrawn: false })
}

/** The inactivity deadline moves; a `final` body without a socket is a departure (V13). */
export function movesActivity(
  context: VisitorContext,
  { at, occurredAt, final }: EventEntry,
): VisitorContext {
  const { visit, settings } = context
  if (visit === null) return context
  const lastActivityAt = Math.max(visit.lastActivityAt, occurredAt)
  const idleAt = at + settings.visitIdleMs
  if (!final || visit.hasSocket) return { ...context, visit: { ...visit, lastActivityAt, idleAt } }
  // A body that was long on its way tells of no departure before what is known since.
  const departedAt = Math.max(visit.departedAt ?? 0, lastActivityAt)
  const leaveAt = at + settings.leaveGraceMs
  return { ...context, visit: { ...visit, lastActivityAt, idleAt, departedAt, leaveAt } }
}

function turnsPage(context: VisitorContext, entry: EventEntry): Step {
  if (entry.event.eventType !== 'SYSTEM') return becomes(context)
  if (entry.event.eventName === 'PageEntered') return entersPage(context, entry)
  if (entry.event.eventName === 'PageExited') return exitsPage(context, entry)
  return becomes(context)
}

/** Entering a page again is a new page: the one still open under that browser id is closed first. */
function entersPage(context: VisitorContext, { event, ids, occurredAt }: EventEntry): Step {
  const { visit, counts } = context
  if (visit === null) return becomes(context)
  const page: OpenPage = {
    ordinal: counts.pages + 1,
    pageId: ids.pageId,
    browserPageID: event.pageID,
    enteredAt: Math.max(occurredAt, visit.startedAt),
  }
  const again = visit.pages.filter((open) => open.browserPageID === page.browserPageID)
  const isFull = again.length === 0 && visit.pages.length >= OPEN_PAGES_MAX
  const closing = isFull ? visit.pages.slice(0, 1) : again
  const pages = [...visit.pages.filter((open) => !closing.includes(open)), page]
  return {
    context: { ...context, visit: { ...visit, pages }, counts: { ...counts, pages: page.ordinal } },
    facts: [
      ...closing.map((open) => closed(open, visit, page.enteredAt)),
      { type: 'page.opened', visit: visit.ordinal, ...page },
    ],
    raised: [],
  }
}

function exitsPage(context: VisitorContext, { event, occurredAt }: EventEntry): Step {
  const { visit } = context
  const page = visit?.pages.find((open) => open.browserPageID === event.pageID)
  if (!visit || page === undefined) return becomes(context)
  const pages = visit.pages.filter((open) => open !== page)
  return withFacts(becomes({ ...context, visit: { ...visit, pages } }), closed(page, visit, occurredAt))
}

function closed(page: OpenPage, visit: Visit, exitedAt: number): PageClosed {
  return {
    type: 'page.closed',
    ordinal: page.ordinal,
    visit: visit.ordinal,
    exitedAt: Math.max(exitedAt, page.enteredAt),
  }
}

/** SignIn, SignOut and UserInfo of the open visit are what the identity region hears of events. */
function raisedBy({ settings }: VisitorContext, entry: EventEntry): Raised | null {
  const { event, identityId, looked } = entry
  if (event.eventType !== 'SYSTEM') return null
  switch (event.eventName) {
    case 'SignIn':
      return { type: 'identity.SignIn', identityId, confidence: 1, entry }
    case 'SignOut':
      return { type: 'identity.SignOut', identityId: null, confidence: settings.confidence.signedOut, entry }
    case 'UserInfo': {
      const most = settings.confidence.userInfo
      if (identityId !== null || looked === null) {
        return { type: 'identity.UserInfo', identityId, confidence: most, entry }
      }
      // I9: recorded only; a UserInfo that names nothing at all is another matter (I7).
      if (looked.identityId === null) return null
      const confidence = Math.min(most, looked.confidence)
      return { type: 'identity.UserInfo', identityId: looked.identityId, confidence, entry }
    }
    default:
      return null
  }
}

/** V9: its pages end with it; what it was is kept for V10; the identity region hears of it. */
export function endVisit(
  context: VisitorContext,
  entry: Entry,
  how: { readonly reason: VisitEndReason; readonly endedAt: number },
): Step {
  const { visit, who, leases } = context
  if (visit === null) return becomes(context)
  const { reason } = how
  const endedAt = Math.min(Math.max(how.endedAt, visit.startedAt), entry.at)
  const latest: EndedVisit = { visit, who, endedAt, reason, mayReopen: true }
  return {
    context: { ...context, visit: null, latest, leases: [] },
    facts: [
      { type: 'visit.ended', ordinal: visit.ordinal, visitId: visit.visitId, endedAt, reason },
      ...visit.pages.map((page) => closed(page, visit, endedAt)),
      ...leases.map(({ leaseId, engine }): Fact => {
        return { type: 'lease.ended', leaseId, visitId: visit.visitId, engine, why: 'visitEnded' }
      }),
    ],
    raised: [{ type: 'visit.ended', visit, endedAt, reason, entry }],
  }
}

/** V10: the end was wrong. Session and pages are open again; leases stay ended, idle runs anew. */
export function reopensVisit(context: VisitorContext, entry: EventEntry): Step {
  const { latest, settings } = context
  if (latest === null) return becomes(context)
  const { ordinal, visitId, pages, session } = latest.visit
  const visit: Visit = {
    ...latest.visit,
    leaveAt: null,
    departedAt: null,
    hasSocket: false,
    idleAt: entry.at + settings.visitIdleMs,
  }
  const reopened: Step = {
    context: { ...context, visit, latest: null },
    facts: [
      { type: 'visit.reopened', ordinal, visitId },
      ...pages.map((page): Fact => ({ type: 'page.reopened', ordinal: page.ordinal, visit: ordinal })),
      ...(session ? [{ type: 'session.reopened', ordinal: session.ordinal, visit: ordinal } as const] : []),
    ],
    raised: [{ type: 'visit.reopened', ended: latest, entry }],
  }
  return chain(reopened, (open) => records(open, entry))
}

/** V8, V13: recorded where it belongs; nothing else changes. */
export function recordsLate(context: VisitorContext, entry: EventEntry): Step {
  return chain(givesConsent(context, entry), (now) => placesLate(now, entry))
}

function placesLate(context: VisitorContext, entry: EventEntry): Step {
  const { named, event } = entry
  const ordinal = named?.ordinal ?? context.latest?.visit.ordinal ?? 0
  const placed = withFacts(becomes(context), { type: 'event.placed', ordinal, late: true })
  return named === null ? withFacts(placed, { type: 'visit.aliased', ordinal, name: event.visitID }) : placed
}

/** V12: a visit that was over before we heard of it. */
export function recordsLateVisit(context: VisitorContext, entry: EventEntry): Step {
  return chain(givesConsent(context, entry), (now) => placesLateVisit(now, entry))
}

function placesLateVisit(context: VisitorContext, entry: EventEntry): Step {
  const { occurredAt, named, userAgentId, event } = entry
  if (named !== null) {
    const endedAt = Math.max(named.endedAt, occurredAt)
    return withFacts(
      becomes(context),
      { type: 'event.placed', ordinal: named.ordinal, late: true },
      { type: 'visit.extended', ordinal: named.ordinal, endedAt },
    )
  }
  const ordinal = context.counts.visits + 1
  const visitId = event.visitID
  const implicit = event.eventName !== 'VisitStarted' || event.eventType !== 'SYSTEM'
  return withFacts(
    becomes({ ...context, counts: { ...context.counts, visits: ordinal } }),
    { type: 'visit.opened', ordinal, visitId, startedAt: occurredAt, implicit, late: true, userAgentId },
    { type: 'visit.ended', ordinal, visitId, endedAt: occurredAt, reason: 'late' },
    { type: 'event.placed', ordinal, late: true },
  )
}

/** V11: the visit ends with the event that takes consent back; later events are refused until it is given again. */
export function withdraws(context: VisitorContext, entry: EventEntry): Step {
  const { visit, latest } = context
  const ordinal = visit?.ordinal ?? entry.named?.ordinal ?? latest?.visit.ordinal ?? 0
  const placed = withFacts(
    becomes({ ...context, withdrawnAt: entry.occurredAt }),
    { type: 'event.placed', ordinal, late: visit === null && ordinal !== 0 },
    { type: 'consent.changed', withdrawn: true },
  )
  const isNewName = entry.named === null && entry.event.visitID !== visit?.visitId
  const owned = isNewName
    ? withFacts(placed, { type: 'visit.aliased', ordinal, name: entry.event.visitID })
    : placed
  // What is recorded in the visit is not after its end, also where the withdrawal was long on its way.
  const endedAt = Math.max(entry.occurredAt, visit?.lastActivityAt ?? 0)
  return chain(owned, (now) => endVisit(now, entry, { reason: 'withdrawn', endedAt }))
}
