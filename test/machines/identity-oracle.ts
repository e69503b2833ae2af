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

export function newIdentityOracle(settings: Settings) {
  const links = new Map<string, string | null>()
  const contacts: string[] = []
  const rejected = new Set<string>()
  const verdicts: OracleVerdict[] = []
  /** What was there when a visit ended, to come back with it. */
  const atEnd = new Map<number, { readonly belief: Belief; readonly session: string | null }>()
  const confirmed = new Map<number, string | null>()
  const signedIn = new Set<string>()
  let belief: Belief = NOBODY
  let session: string | null = null
  let changedSeq = 0
  let answer: string | null = null

  const change = (seq: number, to: Belief): void => {
    belief = to
    changedSeq = seq
  }

  const link = (visit: OracleVisit, identityId: string, association: string | null): void => {
    links.set(`${visit.ordinal}/${identityId}`, association)
  }

  const row = (visit: OracleVisit, identityId: string, how: string): void => {
    contacts.push(`${visit.ordinal} ${identityId} ${how}`)
  }

  const known = (entry: Entry, belief_: Partial<Belief>): Belief => ({
    ...NOBODY,
    asOf: entry.at,
    ...belief_,
  })

  /** I1 to I3. */
  const signIn = (visit: OracleVisit, entry: EventEntry, who: string): void => {
    if (belief.state === 'authenticated' && belief.identityId === who) return
    if (session !== null) link(visit, session, 'Recognized')
    session = who
    signedIn.add(`${visit.ordinal}/${who}`)
    rejected.delete(who)
    for (const verdict of verdicts) if (verdict.identityId === who) verdict.wasRejected = false
    link(visit, who, 'Authenticated')
    row(visit, who, 'SignIn')
    change(entry.seq, known(entry, { state: 'authenticated', identityId: who, confidence: 1 }))
  }

  /** I4, I5. */
  const signOut = (visit: OracleVisit, entry: EventEntry): void => {
    const who = belief.identityId
    if (belief.state !== 'authenticated' || who === null) return
    session = null
    link(visit, who, 'Recognized')
    row(visit, who, 'SignOut')
    const { signedOut: confidence } = settings.confidence
    change(entry.seq, known(entry, { state: 'recognized', identityId: who, confidence }))
  }

  /** I6 to I9. */
  const userInfo = (visit: OracleVisit, entry: EventEntry): void => {
    const who = entry.identityId ?? entry.looked?.identityId ?? null
    if (who === null || belief.state === 'authenticated' || rejected.has(who)) return
    if (belief.state === 'recognized' && belief.identityId === who) return
    const other = confirmed.get(visit.ordinal) ?? null
    if (other !== null && other !== who) return
    const most = entry.identityId === null ? (entry.looked?.confidence ?? 1) : 1
    link(visit, who, 'Recognized')
    row(visit, who, 'UserInfo')
    const confidence = Math.min(settings.confidence.userInfo, most)
    change(entry.seq, known(entry, { state: 'recognized', identityId: who, confidence }))
  }

  /** I10 to I12. */
  const assume = (
    entry: Entry,
    { open }: Around,
    of: { readonly identityId: string; readonly confidence: number; readonly halfLifeMs: number | null },
  ): string => {
    const { identityId, confidence, halfLifeMs } = of
    if (open === null) return 'noVisit'
    if (belief.state === 'recognized' || belief.state === 'authenticated') return 'outranked'
    if (rejected.has(identityId)) return 'rejectedHere'
    if (belief.state === 'wmRecognized' && confidence <= worthAt(belief, entry.at)) return 'lessConfident'
    const isOther = belief.identityId !== identityId
    if (isOther) {
      link(open, identityId, 'WM-Recognized')
      row(open, identityId, 'rule')
    }
    const to = known(entry, { state: 'wmRecognized', identityId, confidence, halfLifeMs })
    if (isOther) change(entry.seq, to)
    else belief = to
    return 'applied'
  }

  /** I13 to I15. */
  const judge = (entry: Extract<Entry, { type: 'confirm' | 'reject' }>, { open }: Around): string => {
    const { seq, identityId, ifSeq } = entry
    const kind = entry.type
    const isRefused =
      belief.state === 'authenticated' ||
      (kind === 'reject' && belief.identityId !== identityId) ||
      (ifSeq !== null && changedSeq > ifSeq)
    if (open === null ? kind === 'confirm' : isRefused) return 'conflict'
    const confirmedBefore = open === null ? null : (confirmed.get(open.ordinal) ?? null)
    const wasRejected = rejected.has(identityId)
    const visit = open?.ordinal ?? 0
    verdicts.push({
      seq,
      kind,
      identityId,
      visit,
      before: belief,
      confirmedBefore,
      wasRejected,
      retracted: false,
    })
    if (kind === 'confirm') rejected.delete(identityId)
    else rejected.add(identityId)
    if (open === null) return 'applied'
    if (kind === 'reject') {
      takeBack(open, identityId)
      if (confirmedBefore === identityId) confirmed.set(open.ordinal, null)
      change(seq, { ...NOBODY, asOf: entry.at, deciders: [seq] })
      return 'applied'
    }
    const isSame = belief.byAgent && belief.identityId === identityId
    const deciders = isSame ? [...belief.deciders, seq] : [seq]
    confirmed.set(open.ordinal, identityId)
    link(open, identityId, 'Recognized')
    row(open, identityId, 'agent')
    const { confirmed: confidence } = settings.confidence
    const to = known(entry, { state: 'recognized', identityId, confidence, byAgent: true, deciders })
    if (isSame) belief = to
    else change(seq, to)
    return 'applied'
  }

  /** I17, of the last verdict that stands: what comes back is what was before it. */
  const retract = (entry: Extract<Entry, { type: 'retract' }>, { open }: Around): string => {
    const verdict = verdicts.find(({ seq }) => seq === entry.verdictSeq)
    if (verdict === undefined || verdict.retracted) return 'conflict'
    verdict.retracted = true
    const { identityId, before, visit, wasRejected, kind } = verdict
    const isHere = open !== null && open.ordinal === visit
    const decided = isHere && belief.deciders.includes(verdict.seq)
    const alsoDecided = decided && belief.deciders.length > 1
    const isConfirmedToo = verdicts.some(
      (other) =>
        !other.retracted &&
        other.kind === 'confirm' &&
        other.identityId === identityId &&
        other.visit === visit,
    )
    if (decided && !alsoDecided) {
      confirmed.set(visit, verdict.confirmedBefore)
      if (before.identityId !== identityId) takeBack(open, identityId)
      const association = before.state === 'wmRecognized' ? 'WM-Recognized' : 'Recognized'
      if (before.identityId !== null) link(open, before.identityId, association)
      change(entry.seq, before)
    } else if (kind === 'confirm' && confirmed.get(visit) === identityId && !isConfirmedToo) {
      confirmed.set(visit, verdict.confirmedBefore)
    }
    if (alsoDecided) {
      belief = { ...belief, deciders: belief.deciders.filter((seq) => seq !== verdict.seq) }
    }
    if (!wasRejected) rejected.delete(identityId)
    else if (belief.identityId !== identityId) rejected.add(identityId)
    return 'applied'
  }

  const takeBack = (visit: OracleVisit, identityId: string): void => {
    link(visit, identityId, signedIn.has(`${visit.ordinal}/${identityId}`) ? 'Recognized' : null)
  }

  /** V9, I16; V10. */
  const visits = (entry: Entry, { happened }: Around): void => {
    const { ended, reopened } = happened
    if (ended !== null) {
      atEnd.set(ended.ordinal, { belief, session })
      if (session !== null) link(ended, session, 'Recognized')
      session = null
      if (belief.state !== 'anonymous') change(entry.seq, { ...NOBODY, asOf: entry.at })
    }
    const back = reopened === null ? undefined : atEnd.get(reopened.ordinal)
    if (reopened === null || back === undefined || back.belief.state === 'anonymous') return
    session = back.session
    if (session !== null) link(reopened, session, 'Authenticated')
    change(entry.seq, back.belief)
  }

  const said = (entry: EventEntry, { open, happened }: Around): void => {
    const { event, identityId } = entry
    if (event.eventType !== 'SYSTEM' || !happened.inOpen || open === null) return
    if (event.eventName === 'SignIn' && identityId !== null) signIn(open, entry, identityId)
    if (event.eventName === 'SignOut') signOut(open, entry)
    if (event.eventName === 'UserInfo') userInfo(open, entry)
  }

  return {
    links,
    contacts,
    rejected,
    belief: (): Belief => belief,
    session: (): string | null => session,
    /** What the caller was told; null where nobody asked. */
    answer: (): string | null => answer,
    takes(entry: Entry, around: Around): void {
      answer = null
      visits(entry, around)
      if (entry.type === 'event') said(entry, around)
      if (entry.type === 'assume') answer = assume(entry, around, entry)
      if (entry.type === 'confirm' || entry.type === 'reject') answer = judge(entry, around)
      if (entry.type === 'retract') answer = retract(entry, around)
      if (entry.type === 'rule.answered') {
        if (around.open === null) answer = 'noVisit'
        else if (entry.answer === null) answer = 'noAnswer'
        else if (changedSeq > entry.basedOnSeq) answer = 'stale'
        else answer = assume(entry, around, entry.answer)
      }
    },
  }
}

function worthAt({ confidence, halfLifeMs, asOf }: Belief, at: number): number {
  const value = (confidence ?? 0) * (halfLifeMs === null ? 1 : 2 ** ((asOf - at) / halfLifeMs))
  return halfLifeMs === null ? value : Math.round(value * 1000) / 1000
}
