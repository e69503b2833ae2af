/** What is answered beside the resources: to what was done, to why, about rules and conflicts. */
import { z } from '@hono/zod-openapi'
import { EXAMPLES } from './examples.ts'
import { anything, ms, orNull, ProblemSchema, VisitorSchema } from './schemas.ts'

export const UserAgentSchema = z
  .object({ userAgentId: z.string(), userAgent: z.string() })
  .openapi('UserAgent')

/** A rule and how often it was right. */
export const RuleSchema = z
  .object({
    name: z.string(),
    version: z.number().int().openapi({ description: '0 = an engine of others, that gives none' }),
    state: z.enum(['running', 'paused', 'off', 'elsewhere']),
    reason: orNull.openapi({ description: 'why it is paused or off' }),
    paused: z.object({ position: z.number().int(), at: ms('when'), reason: z.string() }).nullable(),
    from: orNull.openapi({ description: '`shipped`, or its module; null = not run here' }),
    on: z.array(z.string()).readonly().openapi({ description: 'what it is asked after' }),
    needs: z.array(z.string()).readonly().openapi({ description: 'what it looks up' }),
    made: z.number().int().openapi({ description: 'assumptions' }),
    hits: z.number().int(),
    misses: z.number().int(),
    undecided: z.number().int(),
    precision: z.number().nullable().openapi({ description: 'hits of all that was decided' }),
    low: z.number().openapi({ description: "Wilson's interval of it, at 95 %" }),
    high: z.number(),
  })
  .openapi('Rule')

const ChangeSchema = z.object({
  state: z.string(),
  identityId: orNull,
  confidence: z.number().nullable(),
  asOf: ms('when it was that'),
  halfLifeMs: z.number().nullable(),
  previous: z.object({ state: z.string(), identityId: orNull }),
  cause: anything.openapi({ description: 'the event, rule, agent or deadline at the root of it' }),
  interaction: z.string(),
})

export const StepSchema = z
  .object({
    seq: z.number().int(),
    position: z.number().int(),
    at: ms('when the server took it'),
    kind: z.string(),
    eventName: orNull,
    eventID: orNull,
    named: orNull.openapi({ description: 'whom it names' }),
    says: z.string().openapi({ description: 'what it did, in a sentence' }),
    guards: z
      .array(z.object({ guard: z.string(), held: z.boolean(), saw: anything }))
      .openapi({ description: 'the questions that were asked, and what each looked at' }),
    changes: z.array(ChangeSchema),
    answer: z.object({ applied: z.boolean(), reason: orNull }).nullable(),
    payload: anything.nullable().openapi({ description: 'what a rule or an agent said' }),
  })
  .openapi('Step')
export type ExplainedStep = z.infer<typeof StepSchema>

export const ExplanationSchema = z
  .object({
    globalVisitID: z.string(),
    seq: z.number().int(),
    position: z.number().int(),
    state: z.string(),
    identityId: orNull,
    confidence: z.number().nullable(),
    interaction: z.string(),
    since: ms('when it came to this state'),
    says: z.string(),
    complete: z.boolean().openapi({ description: 'false: older steps of this visit are left out' }),
    steps: z.array(StepSchema),
  })
  .openapi('Explanation')

/** What assume, confirm, reject, retract and release answer. */
export const VerdictSchema = z
  .object({
    applied: z.boolean(),
    reason: z.string().optional().openapi({
      description: 'why an assumption was ignored: noVisit, outranked, rejectedHere, lessConfident',
    }),
    seq: z.number().int().openapi({ description: 'of the entry that it made' }),
    visitor: VisitorSchema,
  })
  .openapi('Verdict', { example: EXAMPLES.verdict })

/** What engage answers. */
export const LeaseSchema = z
  .object({
    leaseId: z.number().int(),
    visitId: z.string(),
    engine: z.string(),
    purpose: z.string(),
    until: ms('when it ends by itself'),
    renewed: z.boolean().openapi({ description: 'the same engine and purpose had it already' }),
    seq: z.number().int(),
  })
  .openapi('Lease', { example: EXAMPLES.lease })

/** What a notification answers. */
export const ReachedSchema = z
  .object({
    delivered: z.number().int().openapi({ description: 'tabs it was sent to, over all messages' }),
    handled: z.number().int().openapi({ description: 'of them, those in which a handler took it' }),
  })
  .openapi('Reached', { example: EXAMPLES.reached })

/** What a 409 answers: why, and how things stand. */
export const ConflictSchema = ProblemSchema.extend({
  reason: z.string().optional().openapi({ description: 'conflict, held, noVisit, unknownLease' }),
  holder: z.string().optional().openapi({ description: 'the engine that holds the lease' }),
  seq: z.number().int().optional().openapi({ description: 'of the entry that tells of it' }),
  visitor: VisitorSchema.optional(),
}).openapi('Conflict')
export type RuleResource = z.infer<typeof RuleSchema>
