/** Says what kind of value came, never the value itself: it may be personal, or 64 KiB long. */

/** `null`, `a text of 70 characters`, `an array`... for the end of "X must be Y, got ...". */
export function received(value: unknown): string {
  switch (typeof value) {
    case 'undefined':
      return 'nothing'
    case 'string':
      return `a text of ${value.length} characters`
    case 'number':
      return Number.isFinite(value) ? `the number ${value}` : 'a number that is not finite'
    case 'boolean':
      return String(value)
    case 'object':
      return value === null ? 'null' : Array.isArray(value) ? 'an array' : 'an object'
    default:
      return `a ${typeof value}`
  }
}

/** The name of a field inside `data`, short enough for a message. */
export function shortened(name: string): string {
  return name.length <= 64 ? name : `${name.slice(0, 61)}...`
}
