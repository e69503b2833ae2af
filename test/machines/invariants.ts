/** What holds of a visitor at any time, and of every step: broken, it names the rule. */
import * as assert from 'uvu/assert'
import { OPEN_PAGES_MAX, REJECTED_MAX, SIGNED_IN_MAX, VERDICTS_MAX } from '../../machines/context.ts'
import { keep, type VisitorSnapshot } from '../../machines/visitor.ts'
import { only, type Told } from '../helpers/visitor-story.ts'

/** The states and the context say the same, and the context is in itself consistent. */
export function holds(snapshot: VisitorSnapshot): void {
  const { visit: state, identity, context } = keep(snapshot)
  const { visit, who, rejected, leases, verdicts, latest, counts } = context
  is(snapshot.status === 'active', 'the machine never ends')
  is(identity === who.state, 'the identity region is what the context says')
  is((state === 'away') === (visit === null), 'away, and only then, no visit is open')
  is((who.state === 'anonymous') === (who.identityId === null), 'anonymous, and only then, nobody')
  is((who.how === null) === (who.identityId === null), 'whoever is there became known somehow')
  is((who.confidence === null) === (who.identityId === null), 'whoever is there has a confidence')
  is(who.identityId === null || !rejected.includes(who.identityId), 'I14: whoever is rejected is not there')
  is(visit !== null || who.state === 'anonymous', 'I16: with no visit nobody is there')
  is(visit !== null || leases.length === 0, 'L3: with no visit there is no lease')
  is(
    leases.every(({ leaseId }) => leaseId <= counts.leases),
    'leases are counted',
  )
  is(new Set(rejected).size === rejected.length && rejected.length <= REJECTED_MAX, 'rejected once')
  is(verdicts.length <= VERDICTS_MAX, 'VERDICTS_MAX')
  is(latest === null || latest.endedAt >= latest.visit.startedAt, 'E5: no end before its start')
  if (visit !== null) holdsOpen(snapshot)
}

function holdsOpen(snapshot: VisitorSnapshot): void {
  const { visit: state, context } = keep(snapshot)
  const { visit, who, latest, counts } = context
  if (visit === null) return
  const { session, pages } = visit
  is((state === 'leaving') === (visit.leaveAt !== null), 'leaving, and only then, a leave deadline')
  is((visit.leaveAt === null) === (visit.departedAt === null), 'a leave deadline has its departure')
  is(state !== 'leaving' || !visit.hasSocket, 'V4: leaving without a socket')
  is((who.state === 'authenticated') === (session !== null), 'signed in, and only then, a session')
  is(session === null || session.identityId === who.identityId, 'the session is of the one who is there')
  is(session === null || visit.signedIn.includes(session.identityId), 'whoever has a session signed in')
  is(
    who.how !== 'agent' || visit.confirmed === who.identityId,
    'I13: an agent confirmed whom an agent confirmed',
  )
  is(visit.startedAt <= visit.lastActivityAt, 'E5: no activity before the start')
  is(latest === null || latest.visit.ordinal < visit.ordinal, 'the latest visit is one before')
  is(visit.ordinal <= counts.visits, 'visits are counted')
  is((session?.ordinal ?? 0) <= counts.sessions, 'sessions are counted')
  is((session?.startedAt ?? visit.startedAt) >= visit.startedAt, 'E5: no session before its visit')
  is(
    pages.every(({ enteredAt, ordinal }) => enteredAt >= visit.startedAt && ordinal <= counts.pages),
    'E5: no page before its visit',
  )
  is(new Set(pages.map(({ browserPageID }) => browserPageID)).size === pages.length, 'a page is open once')
  is(
    pages.length <= OPEN_PAGES_MAX && visit.signedIn.length <= SIGNED_IN_MAX,
    'OPEN_PAGES_MAX, SIGNED_IN_MAX',
  )
}

const ASKS = ['assume', 'rule.answered', 'confirm', 'reject', 'retract', 'engage', 'release']

/** What a step may do: counts rise, what changes is announced once, who asks is answered once. */
export function holdsStep({ entry, before, after, facts }: Told): void {
  const [from, to] = [before.context, after.context]
  for (const count of ['visits', 'sessions', 'pages', 'leases'] as const) {
    is(to.counts[count] >= from.counts[count], `counts.${count} only rises`)
  }
  const answers = only(facts, 'answered')
  is(answers.length === (ASKS.includes(entry.type) ? 1 : 0), 'whoever asks is answered, once')
  is(answers[0]?.applied !== false || from === to, 'what is refused changes nothing')
  is(only(facts, 'event.placed').length <= (entry.type === 'event' ? 1 : 0), 'an event is placed once')
  is(from.globalVisitID === to.globalVisitID, 'the visitor stays itself')
  changesAreTold({ entry, before, after, facts })
  endsAreWhole({ entry, before, after, facts })
}

function changesAreTold({ before, after, facts }: Told): void {
  const [from, to] = [before.context.who, after.context.who]
  const changes = only(facts, 'identity.changed')
  let last: { readonly state: string; readonly identityId: string | null } = from
  for (const { previous, state, identityId } of changes) {
    // An erased person is named by the pseudonym already in the change that the erasure makes.
    is(previous.state === last.state, 'each identity change goes on from the one before')
    last = { state, identityId }
  }
  is(last.state === to.state, 'each change of state is announced')
  is(changes.length > 0 || from.identityId === to.identityId, 'each change of identity is announced')
  is(changes.length === 0 || last.identityId === to.identityId, 'the last change says who is there')
  is(changes.length > 0 || from.state === to.state, 'no change of state in silence')
}

/** V9: what ends with a visit ends at its end. */
function endsAreWhole({ before, facts }: Told): void {
  const [end] = only(facts, 'visit.ended').filter(({ ordinal }) => ordinal === before.context.visit?.ordinal)
  if (end === undefined) return
  const { pages = [], session } = before.context.visit ?? {}
  const closed = only(facts, 'page.closed')
  is(
    pages.every((page) => closed.some(({ ordinal }) => ordinal === page.ordinal)),
    'V9: open pages end',
  )
  is(
    closed.every(({ exitedAt }) => exitedAt === end.endedAt),
    "V9: at the visit's end",
  )
  const sessions = only(facts, 'session.closed')
  is(sessions.length === (session ? 1 : 0), 'V9: the open session ends')
  is(
    sessions.every(({ endedAt }) => endedAt === end.endedAt),
    "V9: at the visit's end",
  )
}

function is(holding: boolean, what: string): void {
  assert.ok(holding, `broken: ${what}`)
}
