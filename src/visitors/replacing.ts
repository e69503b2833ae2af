/** A person's id in plain data: whether it is there, and the same data with something else in its place. */

/** Whether a text stands somewhere in the value, whole. */
export function holds(value: unknown, text: string): boolean {
  if (typeof value === 'string') return value === text
  if (typeof value !== 'object' || value === null) return false
  return Object.entries(value).some(([key, inner]) => key === text || holds(inner, text))
}

/** The value with another text wherever this one stands, whole. */
export function replaced<T>(value: T, text: string, by: string): T {
  // The boundary where a value is built again: it has the shape it had, only texts differ.
  return rebuilt(value, text, by) as T
}

function rebuilt(value: unknown, text: string, by: string): unknown {
  if (value === text) return by
  if (Array.isArray(value)) return value.map((inner) => rebuilt(inner, text, by))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [key === text ? by : key, rebuilt(inner, text, by)]),
  )
}
