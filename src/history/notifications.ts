/** Notifications to the tabs of a visit, behind the fence of leases (L4, L5). */
import { z } from '@hono/zod-openapi'
import { action } from './action.ts'
import { ReachedSchema } from './answer-schemas.ts'
import { visitNamed } from './named.ts'
import { existingVisitor, jsonOf, recordAll, refusedBy, textOf } from './operation.ts'
import { checkBody } from './parameters.ts'
import { Problem, unavailable } from './problem.ts'
import type { Reading } from './reading.ts'
import type { Route } from './route.ts'

/** Messages of one call. */
export const MESSAGES_MAX = 20
/** Bytes of one message's data, as JSON. */
export const MESSAGE_BYTES_MAX = 16_384
const CHANNEL_LENGTH_MAX = 64
const PAGE_LENGTH_MAX = 64

const message = {
  page: textOf(
    PAGE_LENGTH_MAX,
    "the browser's id of the page it is for; without it every tab takes it",
  ).optional(),
  channel: textOf(CHANNEL_LENGTH_MAX, 'what the site listens to'),
  data: jsonOf(MESSAGE_BYTES_MAX, 'what the handler is given').optional(),
  leaseId: z.number().int().min(1).optional().openapi({ description: 'sent only if it is a current lease' }),
}
const MessageSchema = z.strictObject(message)
const MessagesSchema = z.array(MessageSchema).min(1).max(MESSAGES_MAX)

type Message = z.infer<typeof MessageSchema>

const notifyRow = action({
  at: 'front',
  path: '/notification/notify/{visitId}',
  scope: 'notify',
  summary: "Messages to a visit's tabs (L4, L5)",
  params: z.object({ visitId: z.string() }),
  body: MessagesSchema,
  example: [{ channel: 'invite', data: { text: 'May we help?' }, leaseId: 1 }],
  answer: ReachedSchema,
  act: async (reading, { params, body }) => ({
    is: 'resource',
    body: await notifyVisit(reading, params.visitId, body),
  }),
})

export const NOTIFY_ROUTES: readonly Route[] = [notifyRow]

const AskedSchema = z
  .strictObject({ visitId: z.string().optional(), globalVisitID: z.string().optional(), ...message })
  .refine(({ visitId, globalVisitID }) => (visitId === undefined) !== (globalVisitID === undefined), {
    message: 'give visitId or globalVisitID, one of them',
  })

/** As it is asked over NATS: one message, to a visit or to whatever visit of a visitor is open. */
export async function notify(reading: Reading, asked: unknown): Promise<object> {
  const { visitId, globalVisitID, ...sent } = checkBody(AskedSchema, asked)
  if (visitId !== undefined) return notifyVisit(reading, visitId, [sent])
  const known = globalVisitID ?? ''
  existingVisitor(reading, known)
  return notifyVisitor(reading, known, [sent])
}

function notifyVisit(reading: Reading, visitId: string, messages: readonly Message[]): Promise<object> {
  const visit = visitNamed(reading, visitId)
  const globalVisitID = reading.names.globalVisitID(visit.number)
  if (reading.viewVisitor(globalVisitID)?.visit?.ordinal !== visit.ordinal) throw nobody()
  return notifyVisitor(reading, globalVisitID, messages)
}

async function notifyVisitor(reading: Reading, globalVisitID: string, messages: readonly Message[]) {
  if (reading.connections(globalVisitID) === 0) throw nobody()
  // What becomes of it must be kept: where that is known to be impossible, nothing is sent.
  if (reading.acting.visitors.isFull()) throw unavailable()
  refuseOldLeases(reading, globalVisitID, messages)
  // Asked for in one turn with the check: no lease changes in between.
  const reached = await Promise.all(
    messages.map(({ page, channel, data = null }) =>
      reading.acting.notify(globalVisitID, { ...(page === undefined ? {} : { page }), channel, data }),
    ),
  )
  await recordAll(
    reading,
    globalVisitID,
    reached.map(({ id, outcome }, index) => ({
      type: 'notify.outcome',
      notifyId: id,
      leaseId: messages[index]?.leaseId ?? null,
      outcome,
    })),
  )
  const sum = (of: 'delivered' | 'handled') => reached.reduce((all, one) => all + one[of], 0)
  return { delivered: sum('delivered'), handled: sum('handled') }
}

/** L4: the fence. One old lease, and nothing of the call is sent. */
function refuseOldLeases(reading: Reading, globalVisitID: string, messages: readonly Message[]): void {
  const current = reading.viewVisitor(globalVisitID)?.leases.map(({ leaseId }) => leaseId) ?? []
  const old = messages.find(({ leaseId }) => leaseId !== undefined && !current.includes(leaseId))
  if (old === undefined) return
  throw refusedBy(reading, globalVisitID, {
    detail: `lease ${old.leaseId} is not a current one`,
    more: { reason: 'unknownLease' },
  })
}

function nobody(): Problem {
  return new Problem(404, 'no tab of this visit is connected')
}
