/** One visitor's rows against its oracle: lists say what the tables say. */
import type { Store } from '../../src/store/contract.ts'
import type { ViewVisitor } from '../../src/visitors/views.ts'
import { must } from './ledger.ts'
import type { TableOracle } from './table-oracle.ts'

const NOBODY = { state: 'anonymous', identityId: null, confidence: null, halfLifeMs: null } as const
const ALL = { limit: Number.MAX_SAFE_INTEGER }

export interface Compared {
  readonly globalVisitID: string
  readonly oracle: TableOracle
  /** People who are being erased, and whom it has not forgotten yet: no read finds them (Q12). */
  readonly hidden: ReadonlySet<string>
}

/** Throws at the first thing that is otherwise. */
export function compareVisitor(
  { store, view }: { readonly store: Store; readonly view: ViewVisitor },
  { globalVisitID, oracle, hidden }: Compared,
): void {
  const number = store.visitorNumber(globalVisitID)
  const same = (rule: string, found: unknown, expected: unknown): void => {
    const [is, should] = [JSON.stringify(found), JSON.stringify(expected)]
    must(is === should, rule, () => `${globalVisitID}: ${is} where the tables say ${should}`)
  }
  compareVisits(store, number, { oracle, same, hidden })
  comparePeople(store, number, { oracle, same, hidden })
  compareView(view, globalVisitID, { oracle, same, hidden })
}

interface Comparing {
  readonly oracle: TableOracle
  readonly hidden: ReadonlySet<string>
  readonly same: (rule: string, found: unknown, expected: unknown) => void
}

function compareVisits(store: Store, number: number, { oracle, same }: Comparing): void {
  const rows = store.visits(number, ALL).map(({ ordinal, visitId, startDate, endDate, reason }) => {
    return [ordinal, visitId, startDate, endDate, reason]
  })
  const visits = oracle.visit.visits.filter(({ ordinal }) => !oracle.isGone(ordinal))
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

function comparePeople(store: Store, number: number, { oracle, same, hidden }: Comparing): void {
  /** Rows of one who is being erased lead to nobody; they go, a few at a time. */
  const who = (identity: number): string | null => store.identity(identity)?.identityId ?? null
  const { links, contacts } = oracle.identity
  const found = oracle.visit.visits.flatMap(({ ordinal }) =>
    store.linksOfVisit(number, ordinal).flatMap(({ identity, association }) => {
      const name = who(identity)
      return name === null ? [] : [`${ordinal}/${name} ${association}`]
    }),
  )
  const isSeen = (identityId: string | undefined): boolean => !hidden.has(identityId ?? '')
  same(
    'I1 to I17: links',
    found.sort(),
    [...links]
      .filter(([key]) => isSeen(key.split('/')[1]))
      .map(([key, association]) => `${key} ${association}`)
      .sort(),
  )
  const rows = store.contactsOfVisitor(number, ALL).flatMap(({ visit, identity, how }) => {
    const name = who(identity)
    return name === null ? [] : [`${visit} ${name} ${how}`]
  })
  const told = contacts.filter((contact) => isSeen(contact.split(' ')[1]))
  // Those of entries that are kept no more are gone (Q12); how many that are, the streams say.
  const isWhole = (store.visitor(number)?.keptFrom ?? 1) === 1
  same('I1 to I17: contact rows', rows, isWhole ? told : told.slice(told.length - rows.length))
}

function compareView(views: ViewVisitor, globalVisitID: string, { oracle, same, hidden }: Comparing): void {
  const view = views(globalVisitID)
  if (view === null) return same('E3', null, globalVisitID)
  const { open } = oracle.visit
  const { rejected } = oracle.identity
  const isHidden = hidden.has(oracle.identity.belief.identityId ?? '')
  const belief = isHidden ? NOBODY : oracle.identity.belief
  const session = isHidden ? null : oracle.identity.session
  same('V1 to V13: the open visit', view.visit?.visitId ?? null, open?.visitId ?? null)
  same('V3: last activity', open === null ? null : view.lastActivity, open?.lastActivityAt ?? null)
  same('I1 to I17: state', view.state.toLowerCase().replace('-', ''), belief.state.toLowerCase())
  same(
    'I1 to I17: identity',
    [view.identityId, view.confidence?.confidence ?? null, view.confidence?.halfLifeMs ?? null],
    [belief.identityId, belief.confidence, belief.halfLifeMs],
  )
  same('V9: session', view.session === null, session === null)
  same('I14: rejected', [...view.rejected].sort(), [...rejected].filter((who) => !hidden.has(who)).sort())
  same('V11: consent', view.withdrawn, oracle.hasWithdrawn())
  const lease = oracle.lease()
  same(
    'L1 to L3: leases',
    view.leases.map(({ leaseId, engine, until }) => [leaseId, engine, until]),
    lease === null ? [] : [[lease.leaseId, lease.engine, lease.until]],
  )
}
