/** Asks the rules one question: what is committed is looked up, and what they answer becomes entries. */
import type { NewEntry } from '../visitors/contract.ts'
import type { VisitorView } from '../visitors/views.ts'
import type { CheckedAnswer } from './answer.ts'
import type { GivenVisitor, Lookups, Need, RuleHead } from './contract.ts'
import type { Crew } from './crew.ts'
import { findsNothing, lookUp, onlyNeeded } from './lookups.ts'
import { pausedOf } from './pauses.ts'
import { isAskedOn, type Question } from './questions.ts'
import type { RulesOptions } from './rules.ts'

export interface Answers {
  readonly globalVisitID: string
  /** The surest first: whatever it changes makes the others stale. */
  readonly entries: readonly NewEntry[]
}

export interface Asker {
  /** Null = no rule had an answer, or none was asked. */
  readonly answer: (question: Question) => Promise<Answers | null>
  readonly counts: () => { readonly rulesAsked: number; readonly rulesAnswered: number }
}

type AskerOptions = Pick<RulesOptions, 'store' | 'visitors' | 'now' | 'provenOnly'>

/** Rules are asked one after another, all about the same committed state. */
export function createAsker(options: AskerOptions, crew: Crew): Asker {
  const { store, visitors, now } = options
  const counts = { rulesAsked: 0, rulesAnswered: 0 }

  const answer = async (question: Question): Promise<Answers | null> => {
    const willing = crew.heads.filter((rule) => {
      return isAskedOn(rule, question) && crew.offOf(rule.name) === null && pausedOf(store, rule) === null
    })
    const needs = [...new Set(willing.flatMap((rule) => rule.needs))]
    const lookups = lookUp(options, question, needs)
    const asked = willing.filter((rule) => !findsNothing(lookups, rule.needs))
    const visitor = asked.length === 0 ? null : anonymous(question.number)
    if (visitor === null) return null
    const entries: (NewEntry & { readonly type: 'rule.answered' })[] = []
    for (const rule of asked) {
      const { on, event } = question
      const given = {
        at: now(),
        on,
        visitor: toGivenVisitor(visitor),
        event,
        ...onlyNeeded(lookups, rule.needs),
      }
      counts.rulesAsked += 1
      const said = await crew.ask(rule, given)
      if (said === null) continue
      counts.rulesAnswered += 1
      const inputs = inputsOf(question, lookups, rule.needs)
      entries.push(toEntry(rule, said, { inputs, basedOnSeq: visitor.seq }))
    }
    if (entries.length === 0) return null
    entries.sort((one, other) => (other.answer?.confidence ?? 0) - (one.answer?.confidence ?? 0))
    return { globalVisitID: visitor.globalVisitID, entries }
  }

  /** The visitor as last committed, if nobody knows who it is and a visit is open. */
  const anonymous = (number: number): VisitorView | null => {
    const row = store.visitor(number)
    const visitor = row && visitors.view(row.globalVisitID)
    return visitor?.state === 'Anonymous' && visitor.visit !== null ? visitor : null
  }

  return { answer, counts: () => counts }
}

function toGivenVisitor({ number: _number, position: _position, ...visitor }: VisitorView): GivenVisitor {
  return visitor
}

/** What `explain` tells of why a rule answered so: the occasion, and what was looked up. */
function inputsOf({ on, seq }: Question, lookups: Lookups, needs: readonly Need[]): unknown {
  return { on, seq, ...Object.fromEntries(needs.map((need) => [need, lookups[need]])) }
}

function toEntry(
  { name: rule, version }: RuleHead,
  answer: CheckedAnswer,
  { inputs, basedOnSeq }: { readonly inputs: unknown; readonly basedOnSeq: number },
) {
  return { type: 'rule.answered', rule, version, inputs, answer, basedOnSeq } as const
}
