/** Visits, sessions and pages as the facts tell them: dates, reasons, names; each row must say the same. */
import type { Fact } from '../../../machines/facts.ts'
import type { Store } from '../../store/contract.ts'
import {
  isStoredEvent,
  type PageRow,
  type Ranges,
  type SessionRow,
  type StoredEntry,
  type StoredWords,
  type VisitRow,
} from '../../store/rows.ts'
import { firstDifference } from './differences.ts'
import type { Checks } from './findings.ts'

/** What a row must say; the ranges are proven entry by entry. */
type ToldVisit = Omit<VisitRow, 'number' | 'ranges'>
type ToldSession = Omit<SessionRow, 'number' | 'ranges'>
type ToldPage = Omit<PageRow, 'number' | 'ranges'>

/** Places told of, kept until they are settled. */
export function createPlaces(store: Store, number: number, checks: Checks) {
  const visits = createPending<ToldVisit>(checks, 'visit', ({ ordinal }) => store.visit(number, ordinal))
  const sessions = createPending<ToldSession>(checks, 'session', ({ visit, ordinal }) =>
    store.session(number, visit, ordinal),
  )
  const pages = createPending<ToldPage>(checks, 'page', ({ visit, ordinal }) =>
    store.page(number, visit, ordinal),
  )

  const take = (stored: StoredEntry, fact: Fact): void => {
    const { position } = stored
    switch (fact.type) {
      case 'visit.opened': {
        const { ordinal, visitId, startedAt: startDate, implicit, userAgentId } = fact
        const told = { ordinal, visitId, position, startDate, implicit, userAgentId }
        return visits.open({ ...told, endDate: 0, reason: null, authenticated: 0, recognized: 0 })
      }
      case 'link.changed':
        return visits.change(fact.visit, seenBy(fact))
      case 'visit.ended':
        return visits.change(fact.ordinal, () => ({ endDate: fact.endedAt, reason: fact.reason }))
      case 'visit.extended':
        return visits.change(fact.ordinal, () => ({ endDate: fact.endedAt }))
      case 'visit.reopened':
        return visits.change(fact.ordinal, () => ({ endDate: 0, reason: null }))
      case 'session.opened': {
        const { ordinal, visit, sessionId, startedAt: startDate, identityId } = fact
        const identity = store.identityNumber(identityId)
        return sessions.open({
          ordinal,
          visit,
          sessionId,
          identity,
          position,
          startDate,
          endDate: 0,
          reason: null,
        })
      }
      case 'session.closed':
        return sessions.change(fact.ordinal, () => ({ endDate: fact.endedAt, reason: fact.reason }))
      case 'session.reopened':
        return sessions.change(fact.ordinal, () => ({ endDate: 0, reason: null }))
      case 'page.opened':
        return pages.open(toldPage(stored, fact))
      case 'page.closed':
        return pages.change(fact.ordinal, () => ({ endDate: fact.exitedAt }))
      case 'page.reopened':
        return pages.change(fact.ordinal, () => ({ endDate: 0 }))
      default:
        return // Says nothing of a place.
    }
  }

  /** I9: whom a visit saw last; a link that was taken back counts no more. */
  const seenBy = ({ identityId, association }: Extract<Fact, { type: 'link.changed' }>) => {
    const identity = store.identityNumber(identityId)
    return ({ recognized }: ToldVisit): Partial<ToldVisit> => {
      if (association === 'Authenticated') return { authenticated: identity }
      if (association === 'Recognized') return { recognized: identity }
      return association === null && recognized === identity ? { recognized: 0 } : {}
    }
  }

  return {
    take: (stored: StoredEntry, fact: Fact): void => {
      take(stored, fact)
      // Only a deadline closes pages that may be open again (V10): the others need not be remembered.
      const isLeft = fact.type === 'page.closed' && isStoredEvent(stored)
      if (isLeft) pages.settle(({ ordinal }) => ordinal === fact.ordinal)
    },
    /** Compares what belongs to visits before this one; late visits may be extended to the very end (V12). */
    settle: (before: number): void => {
      const isLast = before === Number.POSITIVE_INFINITY
      visits.settle(({ ordinal, reason }) => ordinal < before && (isLast || reason !== 'late'))
      sessions.settle(({ visit }) => visit < before)
      pages.settle(({ visit }) => visit < before)
    },
  }
}

function toldPage(stored: StoredEntry, fact: Extract<Fact, { type: 'page.opened' }>): ToldPage {
  const { ordinal, visit, pageId, browserPageID, enteredAt: startDate } = fact
  const { position, session, identity } = stored
  const { url, title, category, referrer } = wordsOf(stored)
  return {
    ordinal,
    visit,
    pageId,
    browserPageID,
    session,
    identity,
    position,
    startDate,
    endDate: 0,
    url,
    ...(title === undefined ? {} : { title }),
    ...(category === undefined ? {} : { category }),
    ...(referrer === undefined ? {} : { referrer }),
  }
}

function wordsOf(stored: StoredEntry): Partial<StoredWords> & Pick<StoredWords, 'url'> {
  return isStoredEvent(stored) ? stored.words : { url: '' }
}

/** Rows of one kind that are told of and not compared yet, by their ordinal. */
function createPending<R extends { readonly ordinal: number }>(
  checks: Checks,
  kind: string,
  read: (told: R) => { readonly number: number; readonly ranges: Ranges } | null,
) {
  const pending = new Map<number, R>()

  const prove = (told: R): void => {
    pending.delete(told.ordinal)
    const row = read(told)
    const what = `${kind} ${told.ordinal}`
    if (row === null) return checks.same(what, 'no row', 'a row')
    const { number: _number, ranges: _ranges, ...found } = row
    checks.agree(firstDifference(what, told, found))
  }

  return {
    open: (told: R): void => void pending.set(told.ordinal, told),
    change: (ordinal: number, change: (told: R) => Partial<R>): void => {
      const told = pending.get(ordinal)
      if (told !== undefined) pending.set(ordinal, { ...told, ...change(told) })
    },
    settle: (isFinal: (told: R) => boolean): void => {
      for (const told of pending.values()) if (isFinal(told)) prove(told)
    },
  }
}
