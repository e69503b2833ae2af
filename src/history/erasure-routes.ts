/** Rows of the table that erase a person or a device, and that tell how an erasure stands (Q12). */
import { z } from '@hono/zod-openapi'
import type { ErasedKind, ErasureRow } from '../store/erased.ts'
import { action } from './action.ts'
import { EXAMPLES } from './examples.ts'
import { findVisitor, normalIdentityId } from './named.ts'
import { notFound } from './problem.ts'
import type { Reading } from './reading.ts'
import { type Reply, type Route, resource } from './route.ts'
import { ms } from './schemas.ts'

const CountsSchema = z
  .record(z.string(), z.number().int())
  .openapi({ description: 'rows of each kind: entries, links, sessions, pages, contacts, messages...' })

export const ErasureSchema = z
  .object({
    id: z.string(),
    kind: z.enum(['person', 'device']),
    state: z.enum(['running', 'done']),
    startDate: ms('begun'),
    counts: CountsSchema.openapi({ description: 'erased so far' }),
    receipt: z
      .object({
        endDate: ms('done'),
        counts: CountsSchema,
        unreached: z.array(z.string()).openapi({ description: 'what it could not reach' }),
      })
      .nullable()
      .openapi({ description: 'null while it runs' }),
  })
  .openapi('Erasure', { example: EXAMPLES.erasure })

const DryRunSchema = z.object({ dryRun: z.literal(true), counts: CountsSchema }).openapi('DryRun')

const body = z.object({
  dryRun: z.boolean().optional().openapi({ description: 'says what would go, and erases nothing' }),
})

const person = action({
  path: '/identities/{identityId}/erase',
  scope: 'erase',
  summary: 'Erases a person: hidden at once, then everywhere',
  params: z.object({ identityId: z.string() }),
  body,
  example: { dryRun: true },
  answer: z.union([ErasureSchema, DryRunSchema]),
  begins: true,
  act: (reading, { params, body }) => {
    // Who was only named, in a verdict or by an engine, is no resource, and can be erased all the same.
    const name = normalIdentityId(params.identityId)
    return erase(reading, { kind: 'person', name, isDry: body.dryRun === true })
  },
})

const device = action({
  path: '/visitors/{globalVisitID}/erase',
  scope: 'erase',
  summary: 'Erases a device: everything of its visitor',
  params: z.object({ globalVisitID: z.string() }),
  body,
  example: { dryRun: true },
  answer: z.union([ErasureSchema, DryRunSchema]),
  begins: true,
  act: (reading, { params: { globalVisitID }, body }) => {
    if (findVisitor(reading, globalVisitID) === 0) throw notFound('visitor')
    return erase(reading, { kind: 'device', name: globalVisitID, isDry: body.dryRun === true })
  },
})

const erasure = resource({
  at: 'root',
  path: '/erasures/{id}',
  scope: 'erase',
  summary: 'How an erasure stands; when it is done, its receipt',
  params: z.object({ id: z.string() }),
  answer: ErasureSchema,
  read: ({ store }, { params }) => {
    const row = store.erasure(params.id)
    if (row === null) throw notFound('erasure')
    return erasureResource(row)
  },
})

interface Asked {
  readonly kind: ErasedKind
  readonly name: string
  readonly isDry: boolean
}

async function erase({ acting }: Reading, { kind, name, isDry }: Asked): Promise<Reply> {
  const missing = kind === 'person' ? 'identity' : 'visitor'
  if (isDry) {
    const counts = await acting.erasures.survey(kind, name)
    if (counts === null) throw notFound(missing)
    return { is: 'resource', body: { dryRun: true, counts } }
  }
  const row = await acting.erasures.begin(kind, name)
  if (row === null) throw notFound(missing)
  return { is: 'begun', body: erasureResource(row), location: `/erasures/${row.id}` }
}

function erasureResource(row: ErasureRow): z.infer<typeof ErasureSchema> {
  const { id, kind, begunAt: startDate, finishedAt: endDate, unreached } = row
  const counts = { ...row.counts }
  const begun = { id, kind, startDate, counts }
  if (endDate === 0) return { ...begun, state: 'running', receipt: null }
  return { ...begun, state: 'done', receipt: { endDate, counts, unreached: [...unreached] } }
}

export const ERASURE_ROUTES: readonly Route[] = [person, device, erasure]
