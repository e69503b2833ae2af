/** The identity table (I1 to I17) as plain code, read from the specification: nothing of the machine is used. */
import type { Entry, EventEntry, Settings } from '../../machines/entries.ts'
import type { Happened, OracleVisit } from './visit-oracle.ts'

export interface Belief {
  readonly state: 'anonymous' | 'authenticated' | 'recognized' | 'wmRecognized'
  readonly identityId: string | null
  readonly confidence: number | null
  readonly halfLifeMs: number | null
  readonly asOf: number
  readonly byAgent: boolean
  /** The verdicts that decided it. */
  readonly deciders: readonly number[]
}

interface OracleVerdict {
  readonly seq: number
  readonly kind: 'confirm' | 'reject'
  readonly identityId: string
  readonly visit: number
  readonly before: Belief
  readonly confirmedBefore: string | null
  wasRejected: boolean
  retracted: boolean
}

const NOBODY: Belief = {
  state: 'anonymous',
  identityId: null,
  confidence: null,
  halfLifeMs: null,
  asOf: 0,
  byAgent: false,
  deciders: [],
}

/** What the oracle is told of a visit: which is open after the visit table, and what happened to it. */
export interface Around {
  readonly open: OracleVisit | null
  readonly happened: Happened
}

/** What the oracle keeps. */
interface Mind {
  readonly settings: Settings
  readonly links: Map<string, string | null>
  readonly contacts: string[]
  readonly rejected: Set<string>
  readonly verdicts: OracleVerdict[]
  /** What was there when a visit ended, to come back with it. */
  readonly atEnd: Map<number, { readonly belief: Belief; readonly session: string | null }>
  /** Whom an agent confirmed, by visit. */
  readonly confirmed: Map<number, string | null>
  readonly signedIn: Set<string>
  belief: Belief
  session: string | null
  changedSeq: number
  /** What changed by the last entry, in order: who is there then. */
  readonly changed: { readonly state: Belief['state']; readonly identityId: string | null }[]
  /** What the caller was told; null where nobody asked. */
  answer: string | null
}

export function newIdentityOracle(settings: Settings) {
  const mind: Mind = {
    settings,
    links: new Map(),
    contacts: [],
    rejected: new Set(),
    verdicts: [],
    atEnd: new Map(),
    confirmed: new Map(),
    signedIn: new Set(),
    belief: NOBODY,
    session: null,
    changedSeq: 0,
    changed: [],
    answer: null,
  }
  return {
    mind: mind as Readonly<Mind>,
    takes(entry: Entry, around: Around): void {
      mind.changed.length = 0
      turnsVisits(mind, entry, around)
      if (entry.type === 'event') says(mind, entry, around)
      mind.answer = answers(mind, entry, around)
    },
    /** Q12: what was decided before `keptFrom` is not remembered, nor who was seen in visits that are gone. */
    loses({
      keptFrom,
      isGone,
    }: {
      readonly keptFrom: number
      readonly isGone: (visit: number) => boolean
    }): void {
      const { links, rejected, verdicts } = mind
      verdicts.splice(0, Number.POSITIVE_INFINITY, ...verdicts.filter(({ seq }) => seq >= keptFrom))
      for (const who of rejected)
        if (!verdicts.some(({ identityId }) => identityId === who)) rejected.delete(who)
      for (const key of [...links.keys()]) if (isGone(Number(key.split('/')[0]))) links.delete(key)
      if (mind.changedSeq < keptFrom && mind.belief.state === 'anonymous') mind.changedSeq = 0
    },
    /** Q12: this person is erased; whatever was known of them here is not known any more. */
    forgets(entry: Entry, identityId: string): void {
      mind.changed.length = 0
      forgets(mind, entry, identityId)
      mind.answer = null
    },
  }
}

function answers(mind: Mind, entry: Entry, around: Around): string | null {
  switch (entry.type) {
    case 'assume':
      return assumes(mind, entry, { ...entry, open: around.open })
    case 'confirm':
    case 'reject':
      return judges(mind, entry, around)
    case 'retract':
      return retracts(mind, entry, around)
    case 'rule.answered':
      if (around.open === null) return 'noVisit'
      if (entry.answer === null) return 'noAnswer'
      if (mind.changedSeq > entry.basedOnSeq) return 'stale'
      return assumes(mind, entry, { ...entry.answer, open: around.open })
    default:
      return null
  }
}

/** V9, I16; V10. */
function turnsVisits(mind: Mind, entry: Entry, { happened }: Around): void {
  const { ended, reopened } = happened
  if (ended !== null) {
    mind.atEnd.set(ended.ordinal, { belief: mind.belief, session: mind.session })
    if (mind.session !== null) link(mind, ended, mind.session, 'Recognized')
    mind.session = null
    if (mind.belief.state !== 'anonymous') changes(mind, entry, { ...NOBODY, asOf: entry.at })
  }
  const back = reopened === null ? undefined : mind.atEnd.get(reopened.ordinal)
  if (reopened === null || back === undefined || back.belief.state === 'anonymous') return
  mind.session = back.session
  if (back.session !== null) link(mind, reopened, back.session, 'Authenticated')
  changes(mind, entry, back.belief)
}

function says(mind: Mind, entry: EventEntry, { open, happened }: Around): void {
  const { event, identityId } = entry
  if (event.eventType !== 'SYSTEM' || !happened.inOpen || open === null) return
  if (event.eventName === 'SignIn' && identityId !== null) signsIn(mind, entry, { open, who: identityId })
  if (event.eventName === 'SignOut') signsOut(mind, entry, open)
  if (event.eventName === 'UserInfo') informs(mind, entry, open)
}

/** I1 to I3. */
function signsIn(
  mind: Mind,
  entry: EventEntry,
  { open, who }: { readonly open: OracleVisit; readonly who: string },
): void {
  if (mind.belief.state === 'authenticated' && mind.belief.identityId === who) return
  if (mind.session !== null) link(mind, open, mind.session, 'Recognized')
  mind.session = who
  mind.signedIn.add(`${open.ordinal}/${who}`)
  mind.rejected.delete(who)
  for (const verdict of mind.verdicts) if (verdict.identityId === who) verdict.wasRejected = false
  link(mind, open, who, 'Authenticated')
  row(mind, open, who, 'SignIn')
  changes(mind, entry, { ...NOBODY, asOf: entry.at, state: 'authenticated', identityId: who, confidence: 1 })
}

/** I4, I5. */
function signsOut(mind: Mind, entry: EventEntry, open: OracleVisit): void {
  const { state, identityId } = mind.belief
  if (state !== 'authenticated' || identityId === null) return
  mind.session = null
  link(mind, open, identityId, 'Recognized')
  row(mind, open, identityId, 'SignOut')
  const confidence = mind.settings.confidence.signedOut
  changes(mind, entry, { ...NOBODY, asOf: entry.at, state: 'recognized', identityId, confidence })
}

/** I6 to I9. */
function informs(mind: Mind, entry: EventEntry, open: OracleVisit): void {
  const { belief, rejected, confirmed, settings } = mind
  const identityId = entry.identityId ?? entry.looked?.identityId ?? null
  if (identityId === null || belief.state === 'authenticated' || rejected.has(identityId)) return
  if (belief.state === 'recognized' && belief.identityId === identityId) return
  const other = confirmed.get(open.ordinal) ?? null
  if (other !== null && other !== identityId) return
  const most = entry.identityId === null ? (entry.looked?.confidence ?? 1) : 1
  link(mind, open, identityId, 'Recognized')
  row(mind, open, identityId, 'UserInfo')
  const confidence = Math.min(settings.confidence.userInfo, most)
  changes(mind, entry, { ...NOBODY, asOf: entry.at, state: 'recognized', identityId, confidence })
}

interface Assumed {
  readonly open: OracleVisit | null
  readonly identityId: string
  readonly confidence: number
  readonly halfLifeMs: number | null
}

/** I10 to I12. */
function assumes(mind: Mind, entry: Entry, { open, identityId, confidence, halfLifeMs }: Assumed): string {
  const { belief, rejected } = mind
  if (open === null) return 'noVisit'
  if (belief.state === 'recognized' || belief.state === 'authenticated') return 'outranked'
  if (rejected.has(identityId)) return 'rejectedHere'
  if (belief.state === 'wmRecognized' && confidence <= worthAt(belief, entry.at)) return 'lessConfident'
  const assumed: Belief = {
    ...NOBODY,
    asOf: entry.at,
    state: 'wmRecognized',
    identityId,
    confidence,
    halfLifeMs,
  }
  if (belief.identityId === identityId) {
    mind.belief = assumed
    return 'applied'
  }
  link(mind, open, identityId, 'WM-Recognized')
  row(mind, open, identityId, 'rule')
  changes(mind, entry, assumed)
  return 'applied'
}

/** I13 to I15. */
function judges(mind: Mind, entry: Extract<Entry, { type: 'confirm' | 'reject' }>, { open }: Around): string {
  const { belief, rejected, confirmed } = mind
  const { seq, identityId, ifSeq, type: kind } = entry
  const isRefused =
    belief.state === 'authenticated' ||
    (kind === 'reject' && belief.identityId !== identityId) ||
    (ifSeq !== null && mind.changedSeq > ifSeq)
  if (open === null ? kind === 'confirm' : isRefused) return 'conflict'
  mind.verdicts.push({
    seq,
    kind,
    identityId,
    visit: open?.ordinal ?? 0,
    before: belief,
    confirmedBefore: open === null ? null : (confirmed.get(open.ordinal) ?? null),
    wasRejected: rejected.has(identityId),
    retracted: false,
  })
  if (kind === 'confirm') rejected.delete(identityId)
  else rejected.add(identityId)
  if (open === null) return 'applied'
  if (kind === 'confirm') believesAgent(mind, entry, open)
  else {
    takesBack(mind, open, identityId)
    if (confirmed.get(open.ordinal) === identityId) confirmed.set(open.ordinal, null)
    changes(mind, entry, { ...NOBODY, asOf: entry.at, deciders: [seq] })
  }
  return 'applied'
}

function believesAgent(
  mind: Mind,
  entry: Extract<Entry, { type: 'confirm' | 'reject' }>,
  open: OracleVisit,
): void {
  const { seq, at, identityId } = entry
  const { belief, settings } = mind
  const isSame = belief.byAgent && belief.identityId === identityId
  const deciders = isSame ? [...belief.deciders, seq] : [seq]
  mind.confirmed.set(open.ordinal, identityId)
  link(mind, open, identityId, 'Recognized')
  row(mind, open, identityId, 'agent')
  const confidence = settings.confidence.confirmed
  const state = 'recognized'
  const confirmed = { ...NOBODY, asOf: at, state, identityId, confidence, byAgent: true, deciders } as const
  if (isSame) mind.belief = confirmed
  else changes(mind, entry, confirmed)
}

/** I17, of the last verdict that stands: what comes back is what was before it. */
function retracts(mind: Mind, entry: Extract<Entry, { type: 'retract' }>, { open }: Around): string {
  const { belief, confirmed, rejected } = mind
  const verdict = mind.verdicts.find(({ seq }) => seq === entry.verdictSeq)
  if (verdict === undefined || verdict.retracted) return 'conflict'
  verdict.retracted = true
  const { seq, identityId, visit, kind } = verdict
  const decided = open?.ordinal === visit && belief.deciders.includes(seq)
  if (open !== null && decided && belief.deciders.length === 1) goesBack(mind, entry, { verdict, open })
  else {
    if (decided) mind.belief = { ...belief, deciders: belief.deciders.filter((other) => other !== seq) }
    const isConfirmed = kind === 'confirm' && confirmed.get(visit) === identityId
    if (isConfirmed && !isConfirmedToo(mind, verdict)) confirmed.set(visit, verdict.confirmedBefore)
  }
  if (!verdict.wasRejected) rejected.delete(identityId)
  else if (mind.belief.identityId !== identityId) rejected.add(identityId)
  return 'applied'
}

function goesBack(
  mind: Mind,
  entry: Entry,
  { verdict, open }: { readonly verdict: OracleVerdict; readonly open: OracleVisit },
): void {
  const { identityId, before, visit, confirmedBefore } = verdict
  mind.confirmed.set(visit, confirmedBefore)
  if (before.identityId !== identityId) takesBack(mind, open, identityId)
  const association = before.state === 'wmRecognized' ? 'WM-Recognized' : 'Recognized'
  if (before.identityId !== null) link(mind, open, before.identityId, association)
  changes(mind, entry, before)
}

function isConfirmedToo({ verdicts }: Mind, { identityId, visit }: OracleVerdict): boolean {
  return verdicts.some(
    (other) =>
      !other.retracted &&
      other.kind === 'confirm' &&
      other.identityId === identityId &&
      other.visit === visit,
  )
}

/** Q12: no link, row, rejection, verdict or session of theirs is left, and nothing that comes back brings them back. */
function forgets(mind: Mind, entry: Entry, identityId: string): void {
  const { links, confirmed, signedIn, verdicts, atEnd } = mind
  const without = (belief: Belief): Belief =>
    belief.identityId === identityId ? { ...NOBODY, asOf: belief.asOf } : belief
  const isTheirs = (key: string): boolean => key.endsWith(`/${identityId}`)
  for (const key of [...links.keys()].filter(isTheirs)) links.delete(key)
  for (const key of [...signedIn].filter(isTheirs)) signedIn.delete(key)
  const others = mind.contacts.filter((contact) => contact.split(' ')[1] !== identityId)
  mind.contacts.splice(0, Number.POSITIVE_INFINITY, ...others)
  mind.rejected.delete(identityId)
  for (const [visit, who] of confirmed) if (who === identityId) confirmed.set(visit, null)
  const left = verdicts
    .filter((verdict) => verdict.identityId !== identityId)
    .map((verdict) => ({
      ...verdict,
      before: without(verdict.before),
      confirmedBefore: verdict.confirmedBefore === identityId ? null : verdict.confirmedBefore,
    }))
  verdicts.splice(0, Number.POSITIVE_INFINITY, ...left)
  for (const [visit, { belief, session }] of atEnd) {
    atEnd.set(visit, { belief: without(belief), session: session === identityId ? null : session })
  }
  if (mind.session === identityId) mind.session = null
  if (mind.belief.identityId === identityId) changes(mind, entry, { ...NOBODY, asOf: entry.at })
}

/** A link is taken back, but not from one who signed in during the visit. */
function takesBack(mind: Mind, open: OracleVisit, identityId: string): void {
  const stays = mind.signedIn.has(`${open.ordinal}/${identityId}`)
  link(mind, open, identityId, stays ? 'Recognized' : null)
}

function changes(mind: Mind, { seq }: Entry, belief: Belief): void {
  const { state, identityId } = belief
  mind.belief = belief
  mind.changedSeq = seq
  mind.changed.push({ state, identityId })
}

function link(
  { links }: Mind,
  { ordinal }: OracleVisit,
  ...[identityId, association]: [string, string | null]
) {
  links.set(`${ordinal}/${identityId}`, association)
}

function row({ contacts }: Mind, { ordinal }: OracleVisit, ...[identityId, how]: [string, string]) {
  contacts.push(`${ordinal} ${identityId} ${how}`)
}

function worthAt({ confidence, halfLifeMs, asOf }: Belief, at: number): number {
  const value = (confidence ?? 0) * (halfLifeMs === null ? 1 : 2 ** ((asOf - at) / halfLifeMs))
  return halfLifeMs === null ? value : Math.round(value * 1000) / 1000
}
