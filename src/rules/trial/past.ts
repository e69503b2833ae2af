/** What was known of one visitor at each moment of its stream, had no rule and no engine ever assumed anything. */
import type { Fact } from '../../../machines/facts.ts'
import { isStoredEvent, type StoredEntry } from '../../store/rows.ts'
import { type GivenVisitor, PAST_LINKS_MAX, type PastLink } from '../contract.ts'

export interface Past {
  /** The next entry of the stream, with what followed from it. */
  readonly take: (stored: StoredEntry, facts: readonly Fact[]) => void
  /** The visitor as a rule is given it, if it is Anonymous in an open visit; else null. */
  readonly anonymous: () => GivenVisitor | null
  /** The latest first. */
  readonly pastLinks: () => readonly PastLink[]
  readonly visit: () => number
}

interface LinkMade extends PastLink {
  readonly seq: number
}

type Visit = NonNullable<GivenVisitor['visit']>

/** Nothing is known yet. */
export function createPast(globalVisitID: string): Past {
  let known: string | null = null
  let visit: Visit | null = null
  let ended: Visit | null = null
  let links: LinkMade[] = []
  let rejected: string[] = []
  let seq = 0
  let since = 0
  let lastActivity = 0

  const heed = (stored: StoredEntry, fact: Fact): void => {
    switch (fact.type) {
      case 'visit.opened':
        if (!fact.late) visit = toVisit(fact)
        return
      case 'visit.ended':
        if (fact.ordinal === visit?.ordinal) [ended, visit] = [visit, null]
        return
      case 'visit.reopened':
        if (fact.ordinal === ended?.ordinal) visit = ended
        return
      case 'identity.changed':
        since = stored.at
        // An assumption is what would not have been.
        known = fact.state === 'wmRecognized' ? null : fact.identityId
        return
      case 'contact.added':
        if (fact.how !== 'SignIn' && fact.how !== 'agent') return
        links = [{ identityId: fact.identityId, how: fact.how, at: stored.at, seq: stored.seq }, ...links]
        links.length = Math.min(links.length, PAST_LINKS_MAX)
        return
      case 'contact.retracted':
        links = links.filter((link) => link.seq !== fact.verdictSeq)
        return
      case 'rejection.kept':
        rejected = [...rejected, fact.identityId]
        return
      case 'rejection.lifted':
        rejected = rejected.filter((identityId) => identityId !== fact.identityId)
        return
      default:
        return
    }
  }

  return {
    take: (stored, facts) => {
      seq = stored.seq
      if (isStoredEvent(stored) && !stored.late) lastActivity = Math.max(lastActivity, stored.occurredAt)
      for (const fact of facts) heed(stored, fact)
    },
    anonymous: () => {
      if (known !== null || visit === null) return null
      return { ...ANONYMOUS, globalVisitID, seq, since, visit, lastActivity, rejected }
    },
    pastLinks: () => links.map(({ identityId, how, at }) => ({ identityId, how, at })),
    visit: () => visit?.ordinal ?? 0,
  }
}

/** A stream does not tell of pages and leases to come: a trial gives none. */
const ANONYMOUS = {
  state: 'Anonymous',
  identityId: null,
  confidence: null,
  interaction: 'non-identified',
  session: null,
  pages: [],
  lease: null,
  leases: [],
  withdrawn: false,
} as const

function toVisit({ ordinal, visitId, startedAt, implicit }: Extract<Fact, { type: 'visit.opened' }>): Visit {
  return { ordinal, visitId, startDate: startedAt, implicit }
}
