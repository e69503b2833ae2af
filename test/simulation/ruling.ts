/** The rules in the simulation: run without their thread, and held against what they may be asked and must be (I10). */
import { normalizeIdentityId } from '../../protocol/events.ts'
import { checkAnswer, sayAnswer } from '../../src/rules/answer.ts'
import type { Rule } from '../../src/rules/contract.ts'
import type { Crew } from '../../src/rules/crew.ts'
import { lastSignedInHere } from '../../src/rules/shipped/last-signed-in-here.ts'
import { isStoredEvent, type StoredEntry } from '../../src/store/rows.ts'
import type { Timing } from '../../src/visitors/timing.ts'
import type { Erasing } from './erasing.ts'
import { must } from './ledger.ts'
import { isLate } from './stretches.ts'
import type { TableOracle } from './table-oracle.ts'

/** A rule that always has an answer: whoever nobody knows is somebody whom nobody ever erases. */
export const GUESS = 'isLee'
const LAST_HERE = lastSignedInHere()
const OCCASIONS: Readonly<Record<string, readonly string[]>> = {
  [GUESS]: ['visit.opened', 'Viewed'],
  [LAST_HERE.name]: LAST_HERE.on,
}

function rulesOf(version: number): readonly Rule[] {
  const guess: Rule = {
    ...{ name: GUESS, version, on: OCCASIONS[GUESS] ?? [], needs: [] },
    assume: () => ({
      identityId: 'lee',
      confidence: 0.1 * version,
      halfLifeMs: version === 1 ? null : 60_000,
    }),
  }
  return version === 1 ? [guess, LAST_HERE] : [guess]
}

/** They answer in a later turn, as over a thread; once it is ended, nothing. */
export function createSimulatedCrew(version: number, timing: Timing): Crew {
  const rules = rulesOf(version)
  let hasEnded = false
  return {
    heads: rules.map(({ assume: _assume, ...head }) => ({ ...head, from: 'simulated' })),
    offOf: () => null,
    async ask({ name }, given) {
      await new Promise<void>((resolve) => timing.soon(resolve))
      const said = sayAnswer(rules.find((rule) => rule.name === name)?.assume(given))
      if (hasEnded || said?.is !== 'text') return null
      const answer = checkAnswer(said.text, normalizeIdentityId)
      if (typeof answer === 'string') throw new Error(answer)
      return answer
    },
    async end() {
      hasEnded = true
    },
  }
}

export interface Ruling {
  /** A server starts at this position, with these rules. */
  readonly starts: (position: number, version: number) => void
  /** The next entry of a visitor, of which the tables were told. */
  readonly took: (globalVisitID: string, entry: StoredEntry) => void
  /** Somebody is asked to erase this person: who reads may find them nowhere from now on, whatever becomes of it. */
  readonly hides: (identityId: string) => void
  /** Answers may have been lost by now. */
  readonly doubts: () => void
  /** While all rests: whoever is nobody was asked about at the last occasion. */
  readonly provesAsked: () => void
  /** While all rests: the rule that always answers is paused, and answers no more. */
  readonly isPaused: () => void
  /** How many answers there were. */
  readonly answered: () => number
}

/** A visitor after one of its entries. */
interface Standing {
  readonly position: number
  /** Nobody is known, and a visit is open. */
  readonly isNobody: boolean
  readonly identityId: string | null
  /** Who signed in or was confirmed here, the latest last. */
  readonly pastLinks: readonly string[]
  readonly occasions: readonly string[]
  readonly isGuess: boolean
}

interface RulingParts {
  readonly oracles: ReadonlyMap<string, TableOracle>
  readonly isGone: Erasing['isGone']
}

export function createRuling({ oracles, isGone }: RulingParts): Ruling {
  const standings = new Map<string, Map<number, Standing>>()
  /** Visitors with a verdict that was taken back: its contact rows count no more. */
  const retracted = new Set<string>()
  const hidden = new Set<string | null>()
  /** Versions of the rule that always answers. */
  const paused = new Set<number>()
  let since = 0
  let inForce = 0
  let answers = 0
  let last = 0

  function provesAnswer(globalVisitID: string, entry: StoredEntry): void {
    if (isStoredEvent(entry)) return
    const { rule, version, basedOnSeq, inputs, answer } = Object(entry.payload)
    const occasions = OCCASIONS[rule]
    if (occasions === undefined) return
    answers += 1
    const what = (): string => `${globalVisitID}: entry ${entry.seq}, ${JSON.stringify(entry.payload)}`
    const isInForce = rule === GUESS ? version === inForce : inForce === 1
    must(isInForce, 'rules: in force', what)
    must(rule !== GUESS || !paused.has(version), 'rules: paused', what)
    const based = standings.get(globalVisitID)?.get(basedOnSeq)
    const isRight = based !== undefined && (based.isNobody || hidden.has(based.identityId))
    must(isRight, 'I10: asked', () => `${what()} about ${based?.identityId}`)
    const occasion = standings.get(globalVisitID)?.get(inputs.seq)
    const isOccasion = occasions.includes(inputs.on) && occasion?.occasions.includes(inputs.on) === true
    must(isOccasion && inputs.seq <= basedOnSeq, 'I10: occasion', what)
    if (rule === GUESS || based === undefined) return
    const isPlain = hidden.size === 0 && !retracted.has(globalVisitID)
    const links = isPlain ? based.pastLinks.slice(-1) : based.pastLinks
    must(links.includes(answer.identityId), 'I10: past links', () => `${what()} of ${links.join(', ')}`)
  }

  /** Since an occasion nobody was there, and nobody was assumed. */
  function provesOne(globalVisitID: string, visitor: ReadonlyMap<number, Standing>): void {
    for (const [seq, { isNobody, isGuess, occasions, position }] of [...visitor].reverse()) {
      if (!isNobody || isGuess || position <= since) return
      const wasAsked = !(OCCASIONS[GUESS] ?? []).some((on) => occasions.includes(on))
      must(wasAsked, 'I10: not asked', () => `${globalVisitID}: nobody is assumed after entry ${seq}`)
    }
  }

  return {
    starts(position, version) {
      since = position
      inForce = version
    },
    took(globalVisitID, entry) {
      last = entry.position
      if (entry.kind === 'retract') retracted.add(globalVisitID)
      if (entry.kind === 'rule.answered') provesAnswer(globalVisitID, entry)
      const oracle = oracles.get(globalVisitID)
      if (oracle === undefined) return
      const visitor = standings.get(globalVisitID) ?? new Map<number, Standing>()
      standings.set(globalVisitID, visitor)
      visitor.set(entry.seq, standingOf(entry, oracle))
    },
    hides: (identityId) => void hidden.add(identityId),
    doubts() {
      since = last
    },
    provesAsked() {
      for (const [globalVisitID, visitor] of standings) {
        if (!isGone(globalVisitID)) provesOne(globalVisitID, visitor)
      }
    },
    isPaused: () => void paused.add(inForce),
    answered: () => answers,
  }
}

function standingOf(entry: StoredEntry, { visit, identity }: TableOracle): Standing {
  const { belief, contacts } = identity
  const isNobody = belief.state === 'anonymous' && visit.open !== null
  const pastLinks = contacts.flatMap((contact) => {
    const [, identityId = '', how = ''] = contact.split(' ')
    return ['SignIn', 'agent'].includes(how) ? [identityId] : []
  })
  const isGuess = !isStoredEvent(entry) && entry.payload.rule === GUESS
  const { position } = entry
  return {
    position,
    isNobody,
    identityId: belief.identityId,
    pastLinks,
    occasions: occasionsOf(entry, visit),
    isGuess,
  }
}

function occasionsOf(entry: StoredEntry, { happened }: TableOracle['visit']): readonly string[] {
  if (!isStoredEvent(entry) || isLate(entry)) return []
  const isOpening = happened.opened !== null && happened.opened.reason !== 'late'
  return [...(isOpening ? ['visit.opened'] : []), entry.words.eventName]
}
