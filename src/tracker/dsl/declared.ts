/** Declarations as they came, and what of them can be understood; and the default set. */
import type { DeclaredEvent } from '../interface.ts'

/** Without any declaration of its own, a site has these. */
export const DEFAULT_SET: readonly DeclaredEvent[] = [
  {
    name: 'Search',
    on: 'change',
    selector: 'input[type=search],[role=search] input,input[name=q],input[name=search]',
    values: { query: { attribute: 'value' } },
  },
  { name: 'Timeout-30', after: 30 },
]

/** The declarations of a list that say what to tell and when; `report` hears of the others. */
export function readDeclared(value: unknown, report: (declared: unknown) => void): readonly DeclaredEvent[] {
  const understood: DeclaredEvent[] = []
  for (const declared of Array.isArray(value) ? value : [value]) {
    if (isDeclared(declared)) understood.push(declared)
    else report(declared)
  }
  return understood
}

/** What is not as it should be within one is found when it is used, and hurts nobody. */
function isDeclared(value: unknown): value is DeclaredEvent {
  if (!value || typeof value !== 'object') return false
  const { name, on, after, selector } = value as Partial<Record<keyof DeclaredEvent, unknown>>
  if (typeof name !== 'string' || (typeof on === 'string') === (typeof after === 'number')) return false
  try {
    // What CSS does not understand, it will not understand later.
    document.querySelector(String(selector || '*'))
    return true
  } catch {
    return false
  }
}
