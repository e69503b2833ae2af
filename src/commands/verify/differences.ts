/** Where two values of plain data differ first; said without showing what a browser or a site said. */
import type { Finding } from './findings.ts'

export type Difference = Pick<Finding, 'what' | 'expected' | 'found'>

/** The first difference, named by its path, or null. A field that is undefined counts as absent. */
export function firstDifference(what: string, expected: unknown, found: unknown): Difference | null {
  if (Object.is(expected, found)) return null
  if (!isTree(expected) || !isTree(found) || Array.isArray(expected) !== Array.isArray(found)) {
    return { what, expected: shown(expected), found: shown(found) }
  }
  const keys = new Set([...Object.keys(expected), ...Object.keys(found)])
  for (const key of keys) {
    const difference = firstDifference(`${what}.${key}`, expected[key], found[key])
    if (difference !== null) return difference
  }
  return null
}

type Tree = Readonly<Record<string, unknown>>

function isTree(value: unknown): value is Tree {
  return typeof value === 'object' && value !== null
}

/** Numbers and flags say nothing of a person; a text may. */
function shown(value: unknown): string {
  if (typeof value === 'string') return 'another text'
  if (Array.isArray(value)) return `a list of ${value.length}`
  return isTree(value) ? 'an object' : String(value)
}
