/** What is an answer of a rule, and what is nonsense. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { normalizeIdentityId } from '../../protocol/events.ts'
import { type CheckedAnswer, checkAnswer, sayAnswer } from '../../src/rules/answer.ts'
import { EVIDENCE_LENGTH_MAX } from '../../src/rules/contract.ts'

const answers = suite('answers of rules')

/** The checked answer, a sentence that refuses it, or null for nothing. */
function check(returned: unknown): CheckedAnswer | string | null {
  const said = sayAnswer(returned)
  if (said === null) return null
  return said.is === 'nonsense' ? said.why : checkAnswer(said.text, normalizeIdentityId)
}

answers('an answer is an identity with a confidence; half-life and evidence may be left out', () => {
  assert.equal(check({ identityId: ' pat ', confidence: 0.5 }), {
    identityId: 'pat',
    confidence: 0.5,
    halfLifeMs: null,
    evidence: null,
  })
  assert.equal(check({ identityId: 'pat', confidence: 1, halfLifeMs: 1, evidence: { since: 3 } }), {
    identityId: 'pat',
    confidence: 1,
    halfLifeMs: 1,
    evidence: { since: 3 },
  })
})

answers('null and undefined are nothing to say', () => {
  assert.is(check(null), null)
  assert.is(check(undefined), null)
})

answers('[E8] whoever names nobody has not answered', () => {
  for (const identityId of ['guest', '', 'x'.repeat(257), null, {}]) {
    assert.match(String(check({ identityId, confidence: 0.5 })), 'no identityId')
  }
})

answers('nonsense is said in a sentence', () => {
  const nonsense: readonly (readonly [unknown, RegExp])[] = [
    [true, /a boolean/],
    ['pat', /a string/],
    [Promise.resolve(), /promise/],
    [[], /no object/],
    [{ identityId: 'pat' }, /confidence/],
    [{ identityId: 'pat', confidence: 1.01 }, /confidence/],
    [{ identityId: 'pat', confidence: -0.01 }, /confidence/],
    [{ identityId: 'pat', confidence: Number.NaN }, /confidence/],
    [{ identityId: 'pat', confidence: '1' }, /confidence/],
    [{ identityId: 'pat', confidence: 1, halfLifeMs: 0 }, /halfLifeMs/],
    [{ identityId: 'pat', confidence: 1, evidence: 1n }, /plain data/],
  ]
  for (const [returned, message] of nonsense) assert.match(String(check(returned)), message)
  const circle: Record<string, unknown> = { identityId: 'pat', confidence: 1 }
  circle.evidence = circle
  assert.match(String(check(circle)), 'plain data')
})

answers('evidence may be as long as its limit, and not one character longer', () => {
  const evidence = (length: number) => ({
    identityId: 'pat',
    confidence: 1,
    evidence: 'e'.repeat(length - 2),
  })
  assert.type(check(evidence(EVIDENCE_LENGTH_MAX)), 'object')
  assert.match(String(check(evidence(EVIDENCE_LENGTH_MAX + 1))), 'characters')
  assert.match(String(check(evidence(1_000_000))), 'characters')
})

answers.run()
