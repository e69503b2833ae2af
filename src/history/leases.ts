/** The right to engage a visit, asked for and given back (L1 to L3). */
import { z } from '@hono/zod-openapi'
import { LeaseSchema, VerdictSchema } from './answer-schemas.ts'
import { operation, recordEntry, refusedBy, textOf } from './operation.ts'
import { visitorNow } from './visitor-resource.ts'

/** L1, ms. */
export const TTL_MS_MIN = 1_000
export const TTL_MS_MAX = 600_000
const NAME_LENGTH_MAX = 64

export const engage = operation({
  scope: 'notify',
  summary: 'An engine asks for the right to engage the open visit (L1, L2)',
  body: z.strictObject({
    engine: textOf(NAME_LENGTH_MAX, 'who asks: one engine, one name'),
    purpose: textOf(NAME_LENGTH_MAX, 'what for'),
    ttlMs: z
      .number()
      .int()
      .min(TTL_MS_MIN)
      .max(TTL_MS_MAX)
      .openapi({ description: 'how long, in ms; asked again by the same, it is renewed' }),
  }),
  example: { engine: 'chat', purpose: 'invite', ttlMs: 60_000 },
  answer: LeaseSchema,
  act: async (reading, globalVisitID, body) => {
    const { seq, lease } = await recordEntry(reading, globalVisitID, { type: 'engage', ...body })
    if (lease?.is === 'granted') {
      const { is: _is, ...granted } = lease
      return { ...granted, seq }
    }
    const holder = lease?.is === 'held' ? lease.holder : null
    throw refusedBy(reading, globalVisitID, {
      detail: holder === null ? 'no visit is open' : 'another engine holds the lease',
      more: holder === null ? { reason: 'noVisit', seq } : { reason: 'held', holder, seq },
    })
  },
})

export const release = operation({
  scope: 'notify',
  summary: 'The holder gives a lease back (L3)',
  body: z.strictObject({ leaseId: z.number().int().min(1) }),
  example: { leaseId: 1 },
  answer: VerdictSchema,
  act: async (reading, globalVisitID, { leaseId }) => {
    const { seq, answer } = await recordEntry(reading, globalVisitID, { type: 'release', leaseId })
    if (answer?.applied !== true) {
      const more = { reason: 'unknownLease', seq }
      throw refusedBy(reading, globalVisitID, { detail: `lease ${leaseId} is not a current one`, more })
    }
    return { applied: true, seq, visitor: visitorNow(reading, globalVisitID) }
  },
})
