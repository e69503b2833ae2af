/** One visitor as the tables have it: both oracles, and leases, told each entry of the stream as it lies on disk. */
import type { Entry, Settings } from '../../machines/entries.ts'
import { isStoredEvent, type StoredEntry } from '../../src/store/rows.ts'
import { storedAsEntry } from '../../src/visitors/entries.ts'
import { newIdentityOracle } from '../machines/identity-oracle.ts'
import { type Happened, newVisitOracle } from '../machines/visit-oracle.ts'
import { must } from './ledger.ts'

interface OracleLease {
  readonly leaseId: number
  readonly engine: string
  readonly purpose: string
  until: number
}

export interface TableOracle {
  readonly visit: ReturnType<typeof newVisitOracle>['table']
  readonly identity: ReturnType<typeof newIdentityOracle>['mind']
  readonly lease: () => OracleLease | null
  readonly hasWithdrawn: () => boolean
  /** Whether a verdict stands that may be taken back, and which was the last. */
  readonly lastVerdict: () => number | null
  /** Q12: what came before this entry is kept no more. */
  readonly loses: (keptFrom: number) => void
  readonly isGone: (visit: number) => boolean
  /** What engines must be told of the last entry (B1, L5). */
  readonly tells: () => Telling
  /** Tells it the next entry; what the caller should have been answered, or null where nobody asked. */
  readonly takes: (stored: StoredEntry) => string | null
}

/** By kind, in the order in which it happened. */
export interface Telling {
  readonly visit: readonly string[]
  readonly identity: readonly string[]
  readonly lease: readonly string[]
}

/** `personOf`: who is behind the pseudonym of somebody erased. */
export function newTableOracle(
  globalVisitID: string,
  settings: Settings,
  personOf: (pseudonym: unknown) => string,
): TableOracle {
  const visit = newVisitOracle(settings)
  const identity = newIdentityOracle(settings)
  /** By visit: the last entry that has to do with it. */
  const lastSeqs = new Map<number, number>()
  let lease: OracleLease | null = null
  let leases = 0
  let leaseTold: string[] = []
  let telling: Telling = { visit: [], identity: [], lease: [] }
  /** When consent was taken back; null = it stands. */
  let withdrawnAt: number | null = null

  /** L1 to L3. */
  const leaseAnswer = (entry: Entry): string | null => {
    const { open, happened } = visit.table
    if (happened.ended !== null) lease = null
    if (entry.type === 'deadline' && entry.deadline === 'lease') lease = null
    if (entry.type === 'engage') {
      const { engine, purpose, at, ttlMs } = entry
      if (open === null) return 'conflict'
      const isOwn = lease?.engine === engine && lease.purpose === purpose
      if (lease !== null && !isOwn) {
        leaseTold.push('refused')
        return 'held'
      }
      leaseTold.push('granted')
      leases += isOwn ? 0 : 1
      lease = { leaseId: leases, engine, purpose, until: at + ttlMs }
      return 'applied'
    }
    if (entry.type !== 'release') return null
    if (open === null || lease?.leaseId !== entry.leaseId) return 'unknownLease'
    lease = null
    return 'applied'
  }

  /** Deadlines decide: what was due by then came before, earliest first. */
  const checksDue = (entry: Entry): void => {
    const { open } = visit.table
    if (open === null || entry.type === 'server.started') return
    const { leaveAt, idleAt, maxAt } = open
    const due = Math.min(
      leaveAt ?? Number.POSITIVE_INFINITY,
      idleAt,
      maxAt,
      lease?.until ?? Number.POSITIVE_INFINITY,
    )
    if (entry.type === 'deadline') {
      must(
        entry.due === due,
        'V5, V6',
        () => `${entry.deadline} of ${entry.due} comes, and ${due} was the next`,
      )
      must(entry.at >= due, 'V5, V6', () => `${entry.deadline} comes before it is due`)
    } else
      must(
        due > entry.at,
        'V5, V6',
        () => `${globalVisitID}: what was due at ${due} did not come before ${entry.seq}`,
      )
  }

  /** V11: given again by what occurred after it was taken back. */
  const noteConsent = (stored: StoredEntry): void => {
    if (!isStoredEvent(stored)) return
    const { eventName, eventType, data } = stored.words
    const isSystem = eventType === 'SYSTEM'
    const gives = isSystem && eventName === 'VisitStarted' && data.consent === true
    const mayBe = withdrawnAt === null || (gives && stored.occurredAt >= withdrawnAt)
    must(mayBe, 'V11', () => `${globalVisitID}: entry ${stored.seq} after consent was withdrawn`)
    withdrawnAt = isSystem && eventName === 'ConsentWithdrawn' ? stored.occurredAt : null
  }

  /** The entry is of this visit, or ended it. */
  const noteVisit = ({ visit: ordinal, seq }: StoredEntry): void => {
    const { open } = visit.table
    for (const one of [ordinal, open?.ordinal ?? 0]) lastSeqs.set(one, seq)
  }

  /** Q12: whoever is erased is nobody at once: this waits for no deadline and no start. */
  const forgets = (entry: Extract<Entry, { type: 'person.erased' }>): null => {
    identity.forgets(entry, personOf(entry.pseudonym))
    visit.seal()
    return null
  }

  const isGone = (ordinal: number): boolean => visit.table.visits[ordinal - 1]?.visitId === ''

  return {
    loses(keptFrom) {
      visit.loses(({ ordinal, reason }) => reason !== null && (lastSeqs.get(ordinal) ?? 0) < keptFrom)
      identity.loses({ keptFrom, isGone })
    },
    isGone,
    tells: () => telling,
    visit: visit.table,
    identity: identity.mind,
    lease: () => lease,
    hasWithdrawn: () => withdrawnAt !== null,
    lastVerdict: () => identity.mind.verdicts.findLast(({ retracted }) => !retracted)?.seq ?? null,
    takes(stored) {
      const before = lease
      leaseTold = []
      const answer = takes(stored)
      const isOver = before !== null && lease?.leaseId !== before.leaseId
      if (isOver) leaseTold.unshift('ended')
      telling = {
        visit: stored.kind === 'person.erased' ? [] : visitsTold(visit.table.happened),
        identity: identity.mind.changed.map(
          ({ state, identityId }) => `${state.toLowerCase()} ${identityId}`,
        ),
        lease: leaseTold,
      }
      return answer
    },
  }

  function takes(stored: StoredEntry): string | null {
    noteVisit(stored)
    noteConsent(stored)
    // What the entry says of a visit by its alias is not used here: the oracle looks the name up itself.
    const entry = decidedBy(storedAsEntry(stored, globalVisitID, null), settings)
    if (entry.type === 'person.erased') return forgets(entry)
    checksDue(entry)
    visit.takes(entry)
    identity.takes(entry, visit.table)
    const { answer } = identity.mind
    const isVerdict = entry.type === 'confirm' || entry.type === 'reject' || entry.type === 'retract'
    if (isVerdict && answer === 'applied') visit.seal()
    return leaseAnswer(entry) ?? answer
  }
}

/** One that came late is opened and ended by the same entry (V12). */
function visitsTold({ ended, reopened, opened }: Happened): readonly string[] {
  const isLate = opened !== null && opened.reason === 'late'
  return [
    ...(ended === null ? [] : [`ended ${ended.visitId} ${ended.reason}`]),
    ...(reopened === null ? [] : [`reopened ${reopened.visitId} null`]),
    ...(opened === null ? [] : [`opened ${opened.visitId} ${opened.reason}`]),
    ...(isLate ? [`ended ${opened.visitId} ${opened.reason}`] : []),
  ]
}

/** The tables know which settings are in force, whatever a start says. */
function decidedBy(entry: Entry, settings: Settings): Entry {
  return entry.type === 'server.started' ? { ...entry, settings } : entry
}
