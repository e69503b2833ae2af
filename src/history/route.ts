/** One row of the table of routes: from it come dispatch, checks, OpenAPI and the page of documentation. */
import { z } from '@hono/zod-openapi'
import { readRetained } from '../store/retained.ts'
import { INCLUDED_DETAILS_MAX, type Includes, type Relation } from './includes.ts'
import type { Scope } from './keys.ts'
import type { Lines } from './lines.ts'
import { type Listing, readPage, type Window } from './listing.ts'
import { notKept } from './moment.ts'
import { check, includeSchema, PAGING, type Paging, readIncludes, refuseUnknown } from './parameters.ts'
import { wrongParameter } from './problem.ts'
import { type Address, boundTo, linkTo, type Reading, type Texts } from './reading.ts'

/** GWE's base paths: 8.1's, and 8.5's. They answer the same. */
export const BASES = ['/backend/data', '/server/data'] as const

/** Where GWE 8.1 takes notifications. */
export const FRONT_BASE = '/frontend/data'

/** Below the base paths (`data`), there and below `FRONT_BASE` (`front`), or at the root. */
export type Where = 'data' | 'front' | 'root'

/** What a route answers. */
export type Reply =
  | { readonly is: 'resource'; readonly body: unknown }
  /** `location` is below the base path; `fresh`: made by this call, not by the same one before. */
  | { readonly is: 'made'; readonly body: unknown; readonly location: string; readonly fresh: boolean }
  /** Goes on by itself; `location` is from the root. */
  | { readonly is: 'begun'; readonly body: unknown; readonly location: string }
  | { readonly is: 'lines'; readonly lines: Lines }
  | {
      readonly is: 'page'
      readonly items: readonly unknown[]
      /** Where it goes on; null = this is the end. */
      readonly next: { readonly cursor: string; readonly link: string } | null
      /** Something was filtered by: nothing at the end is 204 then (H2). */
      readonly filtered: boolean
    }

export interface Asked {
  /** Decoded path parameters. */
  readonly params: Texts
  readonly query: Texts
  /** What a POST brings. */
  readonly body?: unknown
  /** The header Idempotency-Key. */
  readonly idempotencyKey?: string | undefined
  /** The name of the key it was asked with. */
  readonly who: string
}

export interface Route {
  readonly method: 'GET' | 'POST'
  readonly at: Where
  readonly path: string
  /** What the key must be for; null = any key. */
  readonly scope: Scope | null
  readonly summary: string
  readonly params: z.ZodObject
  readonly filters: z.ZodObject
  readonly relations: readonly Relation[]
  /** Every parameter of the query. */
  readonly query: z.ZodObject
  /** Of a POST: what it takes, and an example of it. */
  readonly body?: z.ZodType
  readonly example?: unknown
  readonly answer: z.ZodType
  readonly isList: boolean
  /** Answers lines of JSON, one `answer` each. */
  readonly isLines?: boolean
  /** Answers 201 where it made something. */
  readonly makes?: boolean
  /** Answers 202 where it began something. */
  readonly begins?: boolean
  readonly respond: (reading: Reading, asked: Asked) => Promise<Reply>
}

interface ResourceRow<Params extends z.ZodObject, Filters extends z.ZodObject> {
  readonly at?: Where
  readonly path: string
  readonly scope: Scope | null
  readonly summary: string
  readonly params: Params
  /** What else it may be asked with: the moment that it is asked about. */
  readonly filters?: Filters
  readonly relations?: readonly Relation[]
  readonly answer: z.ZodType
  readonly read: (
    reading: Reading,
    asked: {
      readonly params: z.infer<Params>
      readonly filters: z.infer<Filters>
      readonly includes: Includes
    },
  ) => unknown
}

/** A row that answers a single resource. */
export function resource<Params extends z.ZodObject, Filters extends z.ZodObject = z.ZodObject>(
  row: ResourceRow<Params, Filters>,
): Route {
  const { at = 'data', relations = [], filters: ownFilters, read, ...told } = row
  // The boundary where no filters are the empty schema.
  const filters = ownFilters ?? (z.object({}) as unknown as Filters)
  const query = z.object({ ...filters.shape, ...includeSchema(relations).shape })
  return {
    ...told,
    method: 'GET',
    at,
    relations,
    filters,
    query,
    isList: false,
    respond: async (reading, asked) => {
      refuseUnknown(asked.query, query)
      check(query, asked.query)
      const params = check(row.params, asked.params)
      const moment = check(filters, asked.query)
      const includes = readIncludes(asked.query)
      return { is: 'resource', body: await read(reading, { params, filters: moment, includes }) }
    },
  }
}

/** What a list's handler hands over to be read as a page. */
export interface Plan<Row, Place, Item> {
  readonly listing: (window: Window) => Listing<Row, Place>
  readonly belongs: (row: Row) => boolean
  /** The time that `from`, `to` and `age` are about. */
  readonly time: (row: Row) => number
  readonly compose: (row: Row) => Item | Promise<Item>
}

export type TakePage = <Row, Place, Item>(plan: Plan<Row, Place, Item>) => Promise<Reply>

interface ListRow<Params extends z.ZodObject, Filters extends z.ZodObject> {
  readonly path: string
  readonly scope: Scope | null
  readonly summary: string
  readonly params: Params
  readonly filters: Filters
  readonly relations?: readonly Relation[]
  /** One item of the list. */
  readonly item: z.ZodType
  readonly read: (
    reading: Reading,
    asked: {
      readonly params: z.infer<Params>
      readonly filters: z.infer<Filters>
      readonly includes: Includes
    },
    page: TakePage,
  ) => Promise<Reply>
}

/** A row that answers a collection, page by page. */
export function list<Params extends z.ZodObject, Filters extends z.ZodObject>(
  row: ListRow<Params, Filters>,
): Route {
  const { relations = [], item, read, ...told } = row
  const query = z.object({
    ...row.filters.shape,
    ...PAGING.shape,
    ...includeSchema(relations).shape,
  })
  return {
    ...told,
    method: 'GET',
    at: 'data',
    relations,
    query,
    answer: z.array(item),
    isList: true,
    respond: async (reading, asked) => {
      refuseUnknown(asked.query, query)
      check(query, asked.query)
      const params = check(row.params, asked.params)
      const filters = check(row.filters, asked.query)
      const includes = readIncludes(asked.query)
      const paging = check(PAGING, asked.query)
      refuseLongDetails(paging, includes)
      const address = { path: row.path, params: asked.params, query: asked.query }
      const page: TakePage = (plan) => takePage(reading, plan, { address, paging, filters })
      return read(reading, { params, filters, includes }, page)
    },
  }
}

const PAGE_SIZE = 100

function refuseLongDetails({ page_size = PAGE_SIZE }: Paging, includes: Includes): void {
  if (page_size <= INCLUDED_DETAILS_MAX) return
  for (const [relation, { detail }] of includes) {
    if (!detail) continue
    throw wrongParameter(
      'page_size',
      `page_size must be at most ${INCLUDED_DETAILS_MAX} with include_${relation}_detail`,
    )
  }
}

interface PageAsked {
  readonly address: Address
  readonly paging: Paging
  readonly filters: Readonly<Record<string, unknown>>
}

async function takePage<Row, Place, Item>(
  reading: Reading,
  plan: Plan<Row, Place, Item>,
  { address, paging, filters }: PageAsked,
): Promise<Reply> {
  const { page_size: size = PAGE_SIZE, from = 0, to = Number.MAX_SAFE_INTEGER, order } = paging
  if (size < 1 || size > reading.pageSizeMax) {
    throw wrongParameter('page_size', `page_size must be 1..${reading.pageSizeMax}`)
  }
  const cursor = readCursor(reading, address, paging.page_next)
  // A page that is gone on from began when it was kept.
  if (cursor === null && paging.from !== undefined && from < readRetained(reading.store).at) throw notKept()
  // `age` counts from the first page's moment, or rows would drop out between pages.
  const asOf = cursor?.asOf ?? reading.at
  const oldest = typeof filters.age === 'number' ? asOf - filters.age * 1_000 : 0
  const window = { reverse: order === 'desc', since: Math.max(from, oldest), until: to }
  const listing = plan.listing(window)
  const { items, more, place } = await readPage(listing, placeOf(listing, cursor?.place), {
    size,
    budget: reading.budget,
    matches: (row) => plan.belongs(row) && plan.time(row) >= window.since && plan.time(row) <= window.until,
    compose: plan.compose,
  })
  // `all` asks for more, not for less.
  const given = Object.keys(filters).filter((name) => name !== 'all')
  const filtered = paging.from !== undefined || paging.to !== undefined || given.length > 0
  const next = more ? nextOf(reading, address, { place, asOf }) : null
  return { is: 'page', items, next, filtered }
}

function readCursor({ cursors }: Reading, address: Address, text: string | undefined) {
  if (text === undefined) return null
  const cursor = cursors.read(boundTo(address), text)
  if (cursor === null) throw unknownCursor()
  return cursor
}

/** A place is null where a budget ended before the first row. */
function placeOf<Row, Place>(listing: Listing<Row, Place>, place: unknown): Place | null {
  if (place === undefined || place === null) return null
  const result = listing.placeSchema.safeParse(place)
  if (!result.success) throw unknownCursor()
  return result.data
}

function unknownCursor() {
  return wrongParameter(
    'page_next',
    'page_next is no cursor of this query; begin without it, or repeat the query that gave it',
  )
}

function nextOf(
  reading: Reading,
  address: Address,
  content: { readonly place: unknown; readonly asOf: number },
) {
  const cursor = reading.cursors.write(boundTo(address), content)
  return { cursor, link: linkTo(reading, address, content) }
}
