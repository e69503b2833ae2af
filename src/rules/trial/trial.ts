/** Other rules over stored history: who would have been assumed, how often right, and what differs from what was. */
import type { Fact } from '../../../machines/facts.ts'
import type { StoredEntry } from '../../store/rows.ts'
import { isStoredEvent } from '../../store/rows.ts'
import { factsOf } from '../../visitors/entries.ts'
import type { ToIdentityId } from '../answer.ts'
import { type Given, VISIT_OPENED } from '../contract.ts'
import { RulesRefused } from '../errors.ts'
import { NO_LOOKUPS, toGivenEvent } from '../lookups.ts'
import type { LoadedRule } from '../modules.ts'
import { occasionsOf } from '../questions.ts'
import { type Assumed, createDecisions, payloadOf } from './decisions.ts'
import { createPast } from './past.ts'
import { type TriedRules, tryRules } from './tried-rules.ts'

/** What the first assumption in one visit was, in the trial and in fact; null = there was none. */
export interface VisitCompared {
  readonly number: number
  readonly visit: number
  readonly tried: Assumed | null
  readonly was: Assumed | null
}

export interface Trial {
  /** Reads one visitor's whole stream, in order. */
  readonly visitor: (
    row: { readonly number: number; readonly globalVisitID: string },
    entries: Iterable<StoredEntry>,
  ) => void
  readonly rules: TriedRules
}

export interface TrialOptions {
  readonly loaded: readonly LoadedRule[]
  readonly toIdentityId: ToIdentityId
  /** Told of every assumption, in the trial or in fact, when its visitor's stream is over. */
  readonly assumed: (assumed: Assumed, where: 'tried' | 'was') => void
  /** Told of every visit with an assumption. */
  readonly compared: (visit: VisitCompared) => void
}

/** Refuses (`RulesRefused`) rules that need what stored history does not tell as it was then. */
export function createTrial({ loaded, toIdentityId, assumed, compared }: TrialOptions): Trial {
  refuseNeeds(loaded)
  const rules = tryRules(loaded, toIdentityId)

  const visitor: Trial['visitor'] = ({ number, globalVisitID }, entries) => {
    const past = createPast(globalVisitID)
    const [tried, was] = [createSide(), createSide()]
    let waiting: Occasion[] = []
    let at = 0

    /** As in the server, rules are asked when all that came together is known. */
    const askAbout = (): void => {
      for (const { stored, on } of waiting) {
        const known = tried.standing(past.visit()) === null ? past.anonymous() : null
        if (known === null) break
        const event = on === VISIT_OPENED || !isStoredEvent(stored) ? null : toGivenEvent(stored)
        const given: Given = { ...NO_LOOKUPS, at, on, visitor: known, event, pastLinks: past.pastLinks() }
        const answer = rules.ask(given)
        if (answer !== null) tried.make({ ...answer, at, hit: null }, past.visit())
      }
      waiting = []
    }

    for (const stored of entries) {
      if (stored.at !== at && waiting.length > 0) askAbout()
      at = stored.at
      const facts = factsOf(stored)
      past.take(stored, facts)
      if (facts.length > 0) {
        tried.take(stored, facts)
        was.take(stored, facts)
        const made = assumedIn(stored, facts)
        if (made !== null) was.make(made, past.visit())
      }
      for (const on of occasionsOf(stored, rules.occasions)) waiting.push({ stored, on })
    }
    askAbout()
    for (const one of tried.all()) assumed(one, 'tried')
    for (const one of was.all()) assumed(one, 'was')
    for (const visit of new Set([...tried.firsts.keys(), ...was.firsts.keys()])) {
      const [first, firstWas] = [tried.firsts.get(visit) ?? null, was.firsts.get(visit) ?? null]
      compared({ number, visit, tried: first, was: firstWas })
    }
  }
  return { visitor, rules }
}

interface Occasion {
  readonly stored: StoredEntry
  readonly on: string
}

/** The assumptions of one side, the trial's or those in fact. */
function createSide() {
  const decisions = createDecisions()
  const firsts = new Map<number, Assumed>()
  const made: Assumed[] = []
  let standing: { readonly assumed: Assumed; readonly visit: number } | null = null
  return {
    firsts: firsts as ReadonlyMap<number, Assumed>,
    all: (): readonly Assumed[] => made,
    make: (assumed: Assumed, visit: number): void => {
      made.push(assumed)
      decisions.wait(assumed)
      standing = { assumed, visit }
      if (!firsts.has(visit)) firsts.set(visit, assumed)
    },
    take: (stored: StoredEntry, facts: readonly Fact[]): void => {
      decisions.take(stored, facts)
      if (facts.some((fact) => ends(fact, standing?.assumed.identityId))) standing = null
    },
    /** Whom this side believes to be there in that visit, or null. */
    standing: (visit: number): Assumed | null => (standing?.visit === visit ? standing.assumed : null),
  }
}

/** Whoever is known, or was rejected, is assumed no longer. */
function ends(fact: Fact, identityId: string | undefined): boolean {
  if (fact.type === 'rejection.kept') return fact.identityId === identityId
  return fact.type === 'identity.changed' && (fact.state === 'authenticated' || fact.state === 'recognized')
}

/** The assumption that was taken with this entry, or null. */
function assumedIn(stored: StoredEntry, facts: readonly Fact[]): Assumed | null {
  const fact = facts.find(({ type }) => type === 'assumption.made')
  if (fact?.type !== 'assumption.made') return null
  const payload = payloadOf(stored)
  // The boundary where a payload becomes what an entry of its kind holds.
  const { identityId, confidence } = (stored.kind === 'assume' ? payload : payload.answer) as Pick<
    Assumed,
    'identityId' | 'confidence'
  >
  const { rule, version } = fact
  return { rule, version, identityId, confidence, at: stored.at, hit: null }
}

function refuseNeeds(loaded: readonly LoadedRule[]): void {
  for (const { rule } of loaded) {
    const need = rule.needs.find((one) => one !== 'pastLinks')
    if (need === undefined) continue
    throw new RulesRefused(
      `${rule.name} needs ${need}, which says who is known now and not who was then: only rules that need no more than pastLinks can be tried`,
    )
  }
}
