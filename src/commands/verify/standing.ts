/** What a visitor has, as the lists give it: each row found by its name, open if and only if the machine has it open. */
import type { VisitorContext } from '../../../machines/context.ts'
import type { NameKind, PageRow, Ranges, SessionRow, VisitorRow, VisitRow } from '../../store/rows.ts'
import { type Checks, createChecks } from './findings.ts'
import type { Proof, Tally } from './proof.ts'
import { contactsOf, rowsOf } from './reading.ts'
import type { ToldCounts } from './told.ts'

type Standing = Pick<
  Tally,
  'visits' | 'browsers' | 'sessions' | 'pages' | 'links' | 'contacts' | 'names' | 'bases'
>

/** Proves the lists of one visitor; `context` is its state, where that is known. Counts what must be there. */
export function proveStanding(
  proof: Proof,
  row: VisitorRow,
  { context, told }: { readonly context: VisitorContext | null; readonly told: ToldCounts },
): Standing {
  const { store, tell } = proof
  const { number } = row
  const checks = createChecks(number, tell)
  const looking = { proof, number, checks, context, keptFrom: row.keptFrom }
  let [visits, browsers, sessions, pages, links] = [0, 0, 0, 0, 0]
  const list = rowsOf(
    (span) => store.visits(number, span),
    ({ ordinal }) => ordinal,
  )
  for (const visit of list) {
    visits += 1
    if (visit.userAgentId !== null) browsers += 1
    proveVisit(looking, visit)
    sessions += proveSessions(looking, visit)
    pages += provePages(looking, visit)
    links += proveLinks(looking, visit)
  }
  if (context !== null) {
    const { counts } = context
    // Q12: of what retention took, each row that is left says why.
    const isWhole = row.keptFrom === 1
    proveCount(checks, 'visits', { found: visits, had: counts.visits, isWhole })
    // Q12: those of an erased person are gone.
    const isWithSessions = isWhole && store.erasedSpans(number).length === 0
    proveCount(checks, 'sessions', { found: sessions, had: counts.sessions, isWhole: isWithSessions })
    proveCount(checks, 'pages', { found: pages, had: counts.pages, isWhole })
  }
  proveContactList(proof, row, told)
  const names = visits + sessions + pages + told.aliases
  const { contacts } = told
  return { visits, browsers, sessions, pages, links, names, contacts, bases: countBases(proof, row) }
}

interface Counted {
  readonly found: number
  readonly had: number
  /** None of them is gone. */
  readonly isWhole: boolean
}

function proveCount(checks: Checks, what: string, { found, had, isWhole }: Counted): void {
  if (isWhole) checks.same(what, found, had)
  else checks.holds(`not more ${what} than it had`, found <= had)
}

interface Looking {
  readonly proof: Proof
  readonly number: number
  readonly checks: Checks
  readonly context: VisitorContext | null
  readonly keptFrom: number
}

function proveVisit({ proof, number, checks, context, keptFrom }: Looking, visit: VisitRow): void {
  proveKept(checks, `visit ${visit.ordinal}`, visit, keptFrom)
  const { ordinal, visitId, userAgentId } = visit
  const what = `visit ${ordinal}`
  proveName(proof, checks, { kind: 'visit', name: visitId, number, visit: ordinal, ordinal: 0 })
  proveDates(checks, what, { ...visit, least: visit.startDate })
  proveOpen(checks, what, visit, context && context.visit?.ordinal === ordinal)
  if (userAgentId === null) return
  proof.userAgents.add(userAgentId)
  checks.holds(`${what}: the text of its User-Agent`, proof.store.userAgent(userAgentId) !== null)
}

function proveSessions({ proof, number, checks, context, keptFrom }: Looking, visit: VisitRow): number {
  const list = rowsOf(
    (span) => proof.store.sessions(number, visit.ordinal, span),
    ({ ordinal }) => ordinal,
  )
  let [count, open] = [0, 0]
  for (const session of list) {
    const { ordinal, sessionId: name } = session
    const what = `visit ${visit.ordinal}, session ${ordinal}`
    proveKept(checks, what, session, keptFrom)
    proveName(proof, checks, { kind: 'session', name, number, visit: visit.ordinal, ordinal })
    proveDates(checks, what, { ...session, least: visit.startDate })
    proveOpen(
      checks,
      what,
      session,
      context && isOpen(context, visit) && context.visit?.session?.ordinal === ordinal,
    )
    checks.holds(`${what}: its identity is there`, proof.store.identity(session.identity) !== null)
    count += 1
    if (session.endDate === 0) open += 1
  }
  checks.holds(`visit ${visit.ordinal} has at most one open session`, open <= 1)
  if (visit.endDate !== 0) checks.same(`visit ${visit.ordinal} has ended; open sessions`, open, 0)
  return count
}

function provePages({ proof, number, checks, context, keptFrom }: Looking, visit: VisitRow): number {
  const list = rowsOf(
    (span) => proof.store.pages(number, visit.ordinal, span),
    ({ ordinal }) => ordinal,
  )
  let count = 0
  for (const page of list) {
    const { ordinal, pageId: name } = page
    const what = `visit ${visit.ordinal}, page ${ordinal}`
    proveKept(checks, what, page, keptFrom)
    proveName(proof, checks, { kind: 'page', name, number, visit: visit.ordinal, ordinal })
    proveDates(checks, what, { ...page, least: visit.startDate })
    const isInOpen = context && context.visit?.pages.some((open) => open.ordinal === ordinal) === true
    proveOpen(checks, what, page, isInOpen)
    count += 1
  }
  return count
}

function proveLinks({ proof, number, checks, context }: Looking, visit: VisitRow): number {
  const rows = proof.store.linksOfVisit(number, visit.ordinal)
  for (const { identity, ranges } of rows) {
    const what = `visit ${visit.ordinal}, link to identity ${identity}`
    const person = proof.store.identity(identity)
    checks.holds(`${what}: the identity is there`, person !== null)
    if (context === null) continue
    const isCurrent = isOpen(context, visit) && context.who.identityId === person?.identityId
    checks.same(`${what}: goes on`, goesOn(ranges), isCurrent)
  }
  return rows.length
}

/** Q12: what ended before the stream begins went with it. */
function proveKept(
  checks: Checks,
  what: string,
  { endDate, ranges }: Pick<VisitRow | SessionRow | PageRow, 'endDate' | 'ranges'>,
  keptFrom: number,
): void {
  const isKept = endDate === 0 || ranges.some(([, to]) => to === 0 || to >= keptFrom)
  if (keptFrom > 1) checks.holds(`${what}: some of it is kept`, isKept)
}

function isOpen({ visit }: VisitorContext, { ordinal }: VisitRow): boolean {
  return visit?.ordinal === ordinal
}

function goesOn(ranges: Ranges): boolean {
  return ranges.at(-1)?.[1] === 0
}

/** Open by its date and by its ranges, if and only if the machine has it open; null = the machine's word is not known. */
function proveOpen(
  checks: Checks,
  what: string,
  row: Pick<VisitRow | SessionRow | PageRow, 'endDate' | 'ranges'>,
  isOpenNow: boolean | null,
): void {
  checks.same(`${what}: its ranges go on`, goesOn(row.ranges), row.endDate === 0)
  if (isOpenNow !== null) checks.same(`${what}: open`, row.endDate === 0, isOpenNow)
}

/** E5: nothing begins before its visit, or ends before it began. */
function proveDates(
  checks: Checks,
  what: string,
  {
    startDate,
    endDate,
    least,
  }: { readonly startDate: number; readonly endDate: number; readonly least: number },
): void {
  checks.holds(`${what}: begins not before its visit`, startDate >= least)
  checks.holds(`${what}: ends not before it began`, endDate === 0 || endDate >= startDate)
}

interface Named {
  readonly kind: NameKind
  readonly name: string
  readonly number: number
  readonly visit: number
  readonly ordinal: number
}

function proveName({ store }: Proof, checks: Checks, { kind, name, number, visit, ordinal }: Named): void {
  const what = `name of ${kind} ${ordinal || visit}`
  const row = store.name(kind, name)
  if (row === null) return checks.same(what, 'no row', 'a row')
  checks.same(`${what}: visitor`, row.number, number)
  checks.same(`${what}: visit`, row.visit, visit)
  checks.same(`${what}: ordinal`, row.ordinal, ordinal)
}

/** I17: retracted when the stream says so, and the list has no row that the stream does not tell of. */
function proveContactList({ store, tell }: Proof, { number }: VisitorRow, told: ToldCounts): void {
  const checks = createChecks(number, tell)
  let count = 0
  for (const row of contactsOf((span) => store.contactsOfVisitor(number, span))) {
    count += 1
    checks.same(
      `contact row ${row.n} of entry ${row.seq}: retracted`,
      row.retractedAt,
      told.retracted.get(row.seq) ?? 0,
    )
    const listed = store.contactsOfIdentity(row.identity, {
      from: row.position,
      to: row.position,
      limit: row.n,
    })
    checks.holds(
      `contact row ${row.n} of entry ${row.seq}: the identity lists it`,
      listed.some(({ n }) => n === row.n),
    )
  }
  checks.same('contact rows', count, told.contacts)
}

function countBases({ store }: Proof, { number, seq }: VisitorRow): number {
  let count = 0
  for (let base = store.baseAtOrBefore(number, seq); base !== null; count += 1) {
    base = store.baseAtOrBefore(number, base.seq - 1)
  }
  return count
}
