/** Whether what a rule answered is an answer. */
import { EVIDENCE_LENGTH_MAX } from './contract.ts'

/** As the entry `rule.answered` holds it. */
export interface CheckedAnswer {
  readonly identityId: string
  readonly confidence: number
  readonly halfLifeMs: number | null
  readonly evidence: unknown
}

/** The identityId as E8 has it, or null where it names nobody. */
export type ToIdentityId = (value: unknown) => string | null

/** An answer as JSON text, or why it is none. It leaves the rule's thread as text, so that nothing odd leaves it. */
export type SaidAnswer =
  | { readonly is: 'text'; readonly text: string }
  | { readonly is: 'nonsense'; readonly why: string }

/** Two thirds are for the evidence, the rest for what stands around it. */
const ANSWER_LENGTH_MAX = EVIDENCE_LENGTH_MAX * 1.5

/** What the rule returned, as text; null = it has nothing to say. */
export function sayAnswer(returned: unknown): SaidAnswer | null {
  if (returned === null || returned === undefined) return null
  if (typeof returned !== 'object') return nonsense(`it answered with a ${typeof returned}, not an object`)
  if ('then' in returned) return nonsense('it answered with a promise: a rule may not wait')
  try {
    const text = JSON.stringify(returned)
    if (typeof text !== 'string') return nonsense('its answer is no plain data')
    return text.length > ANSWER_LENGTH_MAX
      ? nonsense(`its answer has ${text.length} characters as JSON; ${ANSWER_LENGTH_MAX} are allowed`)
      : { is: 'text', text }
  } catch (error) {
    return nonsense(
      `its answer is no plain data: ${error instanceof Error ? error.message : 'it cannot be JSON'}`,
    )
  }
}

/** The answer in the text, or a sentence that says what is wrong with it. */
export function checkAnswer(text: string, toIdentityId: ToIdentityId): CheckedAnswer | string {
  const said: unknown = JSON.parse(text)
  if (typeof said !== 'object' || said === null || Array.isArray(said)) return 'its answer is no object'
  const { identityId, confidence, halfLifeMs, evidence } = { ...NO_ANSWER, ...said }
  const id = toIdentityId(identityId)
  if (id === null) return 'its answer has no identityId that names somebody'
  if (typeof confidence !== 'number' || !(confidence >= 0 && confidence <= 1)) {
    return 'the confidence of its answer must be a number, 0..1'
  }
  if (halfLifeMs !== null && !(typeof halfLifeMs === 'number' && halfLifeMs > 0)) {
    return 'the halfLifeMs of its answer must be a number above 0, or left out'
  }
  const length = JSON.stringify(evidence).length
  if (length > EVIDENCE_LENGTH_MAX) {
    return `the evidence of its answer has ${length} characters as JSON; ${EVIDENCE_LENGTH_MAX} are allowed`
  }
  return { identityId: id, confidence, halfLifeMs, evidence }
}

interface Unchecked {
  readonly identityId: unknown
  readonly confidence: unknown
  readonly halfLifeMs: unknown
  readonly evidence: unknown
}

const NO_ANSWER: Unchecked = { identityId: null, confidence: null, halfLifeMs: null, evidence: null }

function nonsense(why: string): SaidAnswer {
  return { is: 'nonsense', why }
}
