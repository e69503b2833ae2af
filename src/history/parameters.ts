/** The parameters of a route: how they are written, and the checks that name the one that is wrong (H2). */
import { z } from '@hono/zod-openapi'
import { type Includes, RELATIONS, type Relation } from './includes.ts'
import { Problem, wrongParameter } from './problem.ts'
import type { Texts } from './reading.ts'

const whole = (says: string) =>
  z
    .string()
    .regex(/^\d{1,15}$/, 'must be a whole number')
    .transform(Number)
    .openapi({ type: 'integer', description: says })

const exactly = (says: string) =>
  z.string().min(1, 'must not be empty').max(2_048, 'is too long').openapi({ description: says })

/** Filters, by equality; what a text stands for is found by the handler. */
export const FILTERS = {
  age: whole('at most so many seconds old').optional(),
  eventName: exactly('name of the event').optional(),
  eventType: z.enum(['SYSTEM', 'BUSINESS'], 'must be SYSTEM or BUSINESS').optional(),
  category: exactly('one of its categories, or `all categories`: it has any').optional(),
  url: exactly('url').optional(),
  title: exactly('title').optional(),
  browserPageID: exactly("the browser's id of the page").optional(),
  globalVisitID: exactly('the visitor').optional(),
  visitId: exactly('the visit').optional(),
  sessionId: exactly('the session').optional(),
  identityId: exactly('the identity').optional(),
  location: exactly('where they say they live').optional(),
  live: z.enum(['true'], 'must be true').optional().openapi({ description: 'only what is open now' }),
  at: whole('as it was at this server time, epoch ms').optional(),
  seq: whole("as it was after this entry of the visitor's stream").optional(),
  userAgent: exactly('text of the User-Agent header').optional(),
  association: z
    .enum(
      ['Authenticated', 'Recognized', 'WM-Recognized'],
      'must be Authenticated, Recognized or WM-Recognized',
    )
    .optional(),
  all: z
    .enum(['true', 'false'], 'must be true or false')
    .optional()
    .openapi({ description: 'every SYSTEM event' }),
} as const

/** What every list takes (H3). */
export const PAGING = z.object({
  page_size: whole('rows of a page; default 100, at most 1,000').optional(),
  page_next: exactly('the cursor of the page before').optional(),
  order: z.enum(['asc', 'desc'], 'must be asc or desc').optional(),
  from: whole('not before this server time, epoch ms').optional(),
  to: whole('not after this server time, epoch ms').optional(),
})
export type Paging = z.infer<typeof PAGING>

/** The parameters that ask for relations: two for each. */
export function includeSchema(relations: readonly Relation[]) {
  const flag = (says: string) =>
    z.enum(['true', 'false'], 'must be true or false').optional().openapi({ description: says })
  return z.object(
    Object.fromEntries(
      relations.flatMap((relation) => [
        [`include_${relation}`, flag(`ids of its ${relation}, the newest 1,000`)],
        [`include_${relation}_detail`, flag(`also the ${relation} themselves, then the newest 100`)],
      ]),
    ),
  )
}

/** The relations that a query asks for. */
export function readIncludes(query: Texts): Includes {
  const asked = new Map<Relation, { readonly detail: boolean }>()
  for (const relation of RELATIONS) {
    const include = query[`include_${relation}`] === 'true'
    const detail = query[`include_${relation}_detail`] === 'true'
    if (detail && !include) {
      throw wrongParameter(
        `include_${relation}_detail`,
        `include_${relation}_detail goes with include_${relation}=true`,
      )
    }
    if (include) asked.set(relation, { detail })
  }
  return asked
}

/** The query as texts: a leading `_` is ignored, twice the same is refused. */
export function readQuery(search: URLSearchParams): Texts {
  const query = new Map<string, string>()
  for (const [name, value] of search) {
    if (name.startsWith('_')) continue
    if (query.has(name)) throw wrongParameter(name, `${name} is given twice`)
    query.set(name, value)
  }
  return Object.fromEntries(query)
}

/** Refuses a parameter that the schema does not know. */
export function refuseUnknown(query: Texts, schema: z.ZodObject): void {
  const known = Object.keys(schema.shape)
  const unknown = Object.keys(query).find((name) => !known.includes(name))
  if (unknown !== undefined) {
    const takes = known.length === 0 ? 'none' : known.join(', ')
    throw wrongParameter(unknown, `this resource has no such parameter; it takes ${takes}`)
  }
}

/** A checked body, or a 400 that names the first field that is wrong. */
export function checkBody<Schema extends z.ZodType>(schema: Schema, body: unknown): z.infer<Schema> {
  const result = schema.safeParse(body)
  if (result.success) return result.data
  const [issue] = result.error.issues
  const unknown = issue?.code === 'unrecognized_keys' ? issue.keys.slice(0, 1) : []
  const field = [...(issue?.path ?? []), ...unknown].map(String).join('.')
  if (field === '') throw new Problem(400, `the body: ${issue?.message ?? 'is not right'}`)
  throw wrongParameter(field, `${field}: ${unknown.length > 0 ? 'is not known here' : issue?.message}`)
}

/** Checked parameters, or a 400 that names the first that is wrong. */
export function check<Schema extends z.ZodObject>(schema: Schema, texts: Texts): z.infer<Schema> {
  const result = schema.safeParse(texts)
  if (result.success) return result.data
  const [issue] = result.error.issues
  const parameter = String(issue?.path[0] ?? '')
  throw wrongParameter(parameter, `${parameter} ${issue?.message ?? 'is not right'}`)
}
