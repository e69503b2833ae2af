/** Rows about where things happened: visits, pages, sessions. */
import type { Fact } from '../../machines/facts.ts'
import { closeRange, openRange } from '../store/ranges.ts'
import type { VisitRow } from '../store/rows.ts'
import { numberOfIdentity } from './people.ts'
import type { Putting } from './putting.ts'

/** V1, V2, V10, V12: a visit's row, its name, and the browser it is seen in. */
export function openVisit(
  { draft, awake, applied }: Putting,
  fact: Extract<Fact, { type: 'visit.opened' }>,
): void {
  const { number } = awake
  const { entry, userAgent } = applied
  const { ordinal, visitId, startedAt, implicit, userAgentId, late } = fact
  draft.putVisit({
    number,
    ordinal,
    visitId,
    position: entry.position,
    startDate: startedAt,
    endDate: 0,
    reason: null,
    implicit,
    userAgentId,
    authenticated: 0,
    recognized: 0,
    ranges: late ? [] : openRange([], entry.seq),
  })
  draft.putName({ kind: 'visit', name: visitId, number, visit: ordinal, ordinal: 0 })
  if (userAgent !== null) draft.putUserAgent(userAgent.id, userAgent.text)
}

/** Changes a visit's row, where there is one. */
export function onVisit(
  { draft, awake }: Putting,
  ordinal: number,
  change: (row: VisitRow) => VisitRow,
): void {
  const row = draft.visit(awake.number, ordinal)
  if (row !== null) draft.putVisit(change(row))
}

type PageFact = Extract<Fact, { type: 'page.opened' | 'page.closed' | 'page.reopened' }>

/** A page's row: one entry into a page. */
export function putPage(putting: Putting, fact: PageFact): void {
  const { draft, awake, applied } = putting
  const { number } = awake
  const { seq } = applied.entry
  if (fact.type === 'page.opened') return openPage(putting, fact)
  const row = draft.page(number, fact.visit, fact.ordinal)
  if (row === null) return
  if (fact.type === 'page.closed') {
    draft.putPage({ ...row, endDate: fact.exitedAt, ranges: closeRange(row.ranges, seq) })
  } else {
    draft.putPage({ ...row, endDate: 0, ranges: openRange(row.ranges, seq) })
  }
}

function openPage(putting: Putting, fact: Extract<Fact, { type: 'page.opened' }>): void {
  const { draft, awake, applied } = putting
  const { entry, after } = applied
  if (entry.type !== 'event') return
  const { url, title, category, referrer } = entry.event
  draft.putPage({
    number: awake.number,
    visit: fact.visit,
    ordinal: fact.ordinal,
    pageId: fact.pageId,
    browserPageID: fact.browserPageID,
    session: after.visit?.session?.ordinal ?? 0,
    identity: numberOfIdentity(putting, after.who.identityId),
    position: entry.position,
    startDate: fact.enteredAt,
    endDate: 0,
    url,
    ...(title === undefined ? {} : { title }),
    ...(category === undefined ? {} : { category }),
    ...(referrer === undefined ? {} : { referrer }),
    ranges: openRange([], entry.seq),
  })
  const { pageId: name, visit, ordinal } = fact
  draft.putName({ kind: 'page', name, number: awake.number, visit, ordinal })
}

type SessionFact = Extract<Fact, { type: 'session.opened' | 'session.closed' | 'session.reopened' }>

/** A session's row: the stretch during which a customer is signed in. */
export function putSession(putting: Putting, fact: SessionFact): void {
  const { draft, awake, applied } = putting
  const { number } = awake
  const { seq, position } = applied.entry
  const { visit, ordinal } = fact
  if (fact.type === 'session.opened') {
    const identity = numberOfIdentity(putting, fact.identityId)
    const { sessionId, startedAt: startDate } = fact
    const ranges = openRange([], seq)
    draft.putSession({
      number,
      visit,
      ordinal,
      sessionId,
      identity,
      position,
      startDate,
      endDate: 0,
      reason: null,
      ranges,
    })
    draft.putName({ kind: 'session', name: sessionId, number, visit, ordinal })
    return
  }
  const row = draft.session(number, visit, ordinal)
  if (row === null) return
  if (fact.type === 'session.closed') {
    draft.putSession({
      ...row,
      endDate: fact.endedAt,
      reason: fact.reason,
      ranges: closeRange(row.ranges, seq),
    })
  } else {
    draft.putSession({ ...row, endDate: 0, reason: null, ranges: openRange(row.ranges, seq) })
  }
}
