/** What a handler has at hand while it answers one request. */
import type { Store } from '../store/contract.ts'
import type { ViewPast } from '../visitors/past.ts'
import type { ViewVisitor } from '../visitors/views.ts'
import type { Acting } from './acting.ts'
import type { RuleResource } from './answer-schemas.ts'
import type { Budget } from './budget.ts'
import type { CursorContent, Cursors } from './cursors.ts'
import type { Names } from './names.ts'
import type { Beside } from './openapi.ts'

export interface Reading {
  readonly store: Store
  readonly names: Names
  readonly budget: Budget
  readonly cursors: Cursors
  /** When it was asked, epoch ms. */
  readonly at: number
  /** The base path it was asked under: links stay there. */
  readonly base: string
  readonly pageSizeMax: number
  readonly viewVisitor: ViewVisitor
  /** What was known of a visitor after one of its entries. */
  readonly viewPast: ViewPast
  /** Sockets of a visitor, now. */
  readonly connections: (globalVisitID: string) => number
  readonly acting: Acting
  /** What is described with the table, and answered by other rooms. */
  readonly beside: readonly Beside[]
  /** The rules in force. */
  readonly rules: () => readonly RuleResource[]
  /** A visitor's id for one whom nobody names: the same for the same words, and nobody can guess it. */
  readonly visitorIdFor: (words: string) => string
}

export type Texts = Readonly<Record<string, string>>

/** A list as it can be asked for: the path with its parameters' names, their values, and the query. */
export interface Address {
  readonly path: string
  readonly params: Texts
  readonly query: Texts
}

/** What a cursor is bound to: the list and everything that selects or shapes its rows (H3). */
export function boundTo({ path, params, query }: Address): string {
  const shaping = Object.entries(query).filter(([name]) => name !== 'page_next' && name !== 'page_size')
  return JSON.stringify([path, sorted(Object.entries(params)), sorted(shaping)])
}

/** The path and query that continue a list from a place in it. */
export function linkTo(
  reading: Pick<Reading, 'base' | 'cursors'>,
  address: Address,
  content: CursorContent,
): string {
  const { path, params, query } = address
  const cursor = reading.cursors.write(boundTo(address), content)
  const filled = path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(params[name] ?? ''))
  return `${reading.base}${filled}?${new URLSearchParams({ ...query, page_next: cursor })}`
}

function sorted(entries: readonly (readonly [string, string])[]) {
  return [...entries].sort(([a], [b]) => (a < b ? -1 : 1))
}
