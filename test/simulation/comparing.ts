/** One visitor's rows against its oracle: lists say what the tables say. */
import type { Store } from '../../src/store/contract.ts'
import { readSettingsBook } from '../../src/visitors/snapshots.ts'
import { createViews } from '../../src/visitors/views.ts'
import { must } from './ledger.ts'
import type { TableOracle } from './table-oracle.ts'

const ALL = { limit: Number.MAX_SAFE_INTEGER }

/** Throws at the first thing that is otherwise. */
export function compareVisitor(store: Store, globalVisitID: string, oracle: TableOracle): void {
  const number = store.visitorNumber(globalVisitID)
  const same = (rule: string, found: unknown, expected: unknown): void => {
    const [is, should] = [JSON.stringify(found), JSON.stringify(expected)]
    must(is === should, rule, () => `${globalVisitID}: ${is} where the tables say ${should}`)
  }
  compareVisits(store, number, { oracle, same })
  comparePeople(store, number, { oracle, same })
  compareView(store, globalVisitID, { oracle, same })
}

interface Comparing {
  readonly oracle: TableOracle
  readonly same: (rule: string, found: unknown, expected: unknown) => void
}

function compareVisits(store: Store, number: number, { oracle, same }: Comparing): void {
  const rows = store.visits(number, ALL).map(({ ordinal, visitId, startDate, endDate, reason }) => {
    return [ordinal, visitId, startDate, endDate, reason]
  })
  const { visits } = oracle.visit
  same(
    'V1 to V13: visits',
    rows,
    visits.map(({ ordinal, visitId, startedAt, endedAt, reason }) => {
      return [ordinal, visitId, startedAt, endedAt, reason]
    }),
  )
  for (const { ordinal, names } of visits) {
    const led = names.map((name) => store.name('visit', name)?.visit)
    same(
      'V7: aliases',
      led,
      names.map(() => ordinal),
    )
  }
}

function comparePeople(store: Store, number: number, { oracle, same }: Comparing): void {
  const who = (identity: number): string => store.identity(identity)?.identityId ?? `nobody ${identity}`
  const { links, contacts } = oracle.identity
  const found = oracle.visit.visits.flatMap(({ ordinal }) =>
    store.linksOfVisit(number, ordinal).map((row) => `${ordinal}/${who(row.identity)} ${row.association}`),
  )
  same(
    'I1 to I17: links',
    found.sort(),
    [...links].map(([key, association]) => `${key} ${association}`).sort(),
  )
  const rows = store.contactsOfVisitor(number, ALL)
  same(
    'I1 to I17: contact rows',
    rows.map(({ visit, identity, how }) => `${visit} ${who(identity)} ${how}`),
    contacts,
  )
}

function compareView(store: Store, globalVisitID: string, { oracle, same }: Comparing): void {
  const view = createViews(store, readSettingsBook(store))(globalVisitID)
  if (view === null) return same('E3', null, globalVisitID)
  const { open } = oracle.visit
  const { belief, session, rejected } = oracle.identity
  same('V1 to V13: the open visit', view.visit?.visitId ?? null, open?.visitId ?? null)
  same('V3: last activity', open === null ? null : view.lastActivity, open?.lastActivityAt ?? null)
  same('I1 to I17: state', view.state.toLowerCase().replace('-', ''), belief.state.toLowerCase())
  same(
    'I1 to I17: identity',
    [view.identityId, view.confidence?.confidence ?? null, view.confidence?.halfLifeMs ?? null],
    [belief.identityId, belief.confidence, belief.halfLifeMs],
  )
  same('V9: session', view.session === null, session === null)
  same('I14: rejected', [...view.rejected].sort(), [...rejected].sort())
  same('V11: consent', view.withdrawn, oracle.hasWithdrawn())
  const lease = oracle.lease()
  same(
    'L1 to L3: leases',
    view.leases.map(({ leaseId, engine, until }) => [leaseId, engine, until]),
    lease === null ? [] : [[lease.leaseId, lease.engine, lease.until]],
  )
}
