/** What rules and agents decide about who is there: assume, confirm, reject, retract (I10 to I17). */
import { z } from '@hono/zod-openapi'
import type { NewEntry } from '../visitors/contract.ts'
import { VerdictSchema } from './answer-schemas.ts'
import { jsonOf, operation, recordEntry, refusedBy, textOf } from './operation.ts'
import { wrongParameter } from './problem.ts'
import type { Reading } from './reading.ts'
import { visitorNow } from './visitor-resource.ts'

/** Bytes of the evidence of an assumption, as JSON. */
export const EVIDENCE_BYTES_MAX = 4_096
const NAME_LENGTH_MAX = 64
const AGENT_LENGTH_MAX = 256
const REASON_LENGTH_MAX = 1_024

const identityId = z.string().openapi({ description: 'the person, as the site names them (E8)' })
const agentId = textOf(AGENT_LENGTH_MAX, 'the agent who decides')
const reason = textOf(REASON_LENGTH_MAX, 'why, in words of the agent').optional()
const seq = z
  .number()
  .int()
  .min(0)
  .optional()
  .openapi({ description: 'only if the identity has not changed after this entry' })

export const assume = operation({
  scope: 'verdict',
  summary: 'An engine assumes who it is (I10 to I12)',
  body: z.strictObject({
    identityId,
    confidence: z.number().min(0).max(1).openapi({ description: 'how sure it is, 0..1' }),
    rule: textOf(NAME_LENGTH_MAX, 'what assumed it'),
    version: z.number().int().min(0).default(0).openapi({ description: "the rule's; 0 = it has none" }),
    evidence: jsonOf(EVIDENCE_BYTES_MAX, 'what it was concluded from').optional(),
    halfLifeMs: z
      .number()
      .int()
      .min(1)
      .nullable()
      .default(null)
      .openapi({ description: 'the confidence halves every so many ms; null = it stays' }),
  }),
  example: { identityId: 'pat@example.com', confidence: 0.6, rule: 'sameBasket', evidence: { items: 3 } },
  answer: VerdictSchema,
  act: (reading, globalVisitID, { identityId, evidence = null, ...rest }) =>
    decide(reading, globalVisitID, {
      type: 'assume',
      ...rest,
      identityId: identityIn(reading, identityId),
      evidence,
    }),
})

export const confirm = operation({
  scope: 'verdict',
  summary: 'An agent knows who it is (I13)',
  body: z.strictObject({ identityId, agentId, reason, seq }),
  example: { identityId: 'pat@example.com', agentId: 'agent-7', reason: 'asked', seq: 41 },
  answer: VerdictSchema,
  act: (reading, globalVisitID, body) => judge(reading, globalVisitID, { type: 'confirm', ...body }),
})

export const reject = operation({
  scope: 'verdict',
  summary: 'An agent knows who it is not (I14)',
  body: z.strictObject({ identityId, agentId, reason, seq }),
  example: { identityId: 'pat@example.com', agentId: 'agent-7' },
  answer: VerdictSchema,
  act: (reading, globalVisitID, body) => judge(reading, globalVisitID, { type: 'reject', ...body }),
})

export const retract = operation({
  scope: 'verdict',
  summary: 'An agent takes a verdict back (I17)',
  body: z.strictObject({
    seq: z.number().int().min(1).openapi({ description: "the verdict's entry: what confirm or reject gave" }),
    agentId,
  }),
  example: { seq: 42, agentId: 'agent-7' },
  answer: VerdictSchema,
  act: (reading, globalVisitID, { seq, agentId }) =>
    decide(reading, globalVisitID, { type: 'retract', verdictSeq: seq, agentId }),
})

interface Judgement {
  readonly type: 'confirm' | 'reject'
  readonly identityId: string
  readonly agentId: string
  readonly reason?: string | undefined
  readonly seq?: number | undefined
}

function judge(
  reading: Reading,
  globalVisitID: string,
  { type, identityId, agentId, reason, seq }: Judgement,
): Promise<object> {
  return decide(reading, globalVisitID, {
    type,
    identityId: identityIn(reading, identityId),
    agentId,
    ...(reason === undefined ? {} : { reason }),
    ifSeq: seq ?? null,
  })
}

/** An assumption may be ignored, which is an answer; a verdict that is refused is a conflict (I15). */
async function decide(reading: Reading, globalVisitID: string, entry: NewEntry): Promise<object> {
  const { seq, answer } = await recordEntry(reading, globalVisitID, entry)
  const { applied = false, reason = null } = answer ?? {}
  if (reason === 'conflict') {
    const detail = `the ${entry.type} was refused: how things stand now is in "visitor"`
    throw refusedBy(reading, globalVisitID, { detail, more: { reason, seq } })
  }
  const visitor = visitorNow(reading, globalVisitID)
  return { applied, ...(reason === null ? {} : { reason }), seq, visitor }
}

function identityIn({ acting }: Reading, identityId: string): string {
  const kept = acting.events.identityIdOf(identityId)
  if (kept !== null) return kept
  throw wrongParameter('identityId', 'identityId must be 1..256 printable characters that name somebody')
}
