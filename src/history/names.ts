/** What numbers and ordinals are called, looked up once a request. */
import type { Store } from '../store/contract.ts'
import type { PageRow, SessionRow, VisitRow } from '../store/rows.ts'

/** Lookups that are kept: more than one page of a list needs. Past it, all are forgotten (H7). */
const KEPT_MAX = 4_096

export interface Names {
  globalVisitID(number: number): string
  visit(number: number, ordinal: number): VisitRow | null
  session(number: number, visit: number, ordinal: number): SessionRow | null
  page(number: number, visit: number, ordinal: number): PageRow | null
  identityId(identity: number): string | null
}

export function createNames(store: Store): Names {
  const globalVisitID = kept((number) => store.visitor(number)?.globalVisitID ?? '')
  const visit = kept((number, ordinal) => store.visit(number, ordinal))
  const session = kept((number, within, ordinal) => store.session(number, within, ordinal))
  const page = kept((number, within, ordinal) => store.page(number, within, ordinal))
  const identityId = kept((identity) => store.identity(identity)?.identityId ?? null)
  return {
    globalVisitID: (number) => globalVisitID(number, 0, 0),
    visit: (number, ordinal) => (ordinal === 0 ? null : visit(number, ordinal, 0)),
    session: (number, within, ordinal) => (ordinal === 0 ? null : session(number, within, ordinal)),
    page: (number, within, ordinal) => (ordinal === 0 ? null : page(number, within, ordinal)),
    identityId: (identity) => (identity === 0 ? null : identityId(identity, 0, 0)),
  }
}

function kept<Value>(
  look: (a: number, b: number, c: number) => Value,
): (a: number, b: number, c: number) => Value {
  const found = new Map<string, Value>()
  return (a, b, c) => {
    const key = `${a}/${b}/${c}`
    const before = found.get(key)
    if (before !== undefined) return before
    const value = look(a, b, c)
    if (found.size >= KEPT_MAX) found.clear()
    found.set(key, value)
    return value
  }
}
