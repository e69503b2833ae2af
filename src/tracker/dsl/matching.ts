/** Whether a page's address is one that a declaration means, and what its values are on the page. */
import type { DeclaredEvent, DeclaredValue } from '../interface.ts'

/** A text of the page, at most. */
const VALUE_LENGTH = 256

/** `pattern` is a path, or a whole address without query and fragment; `*` stands for anything. */
export function isPage(
  pattern: string | undefined,
  { origin, pathname }: Pick<Location, 'origin' | 'pathname'>,
): boolean {
  if (!pattern) return true
  const text = pattern.startsWith('/') ? pathname : origin + pathname
  const [head = '', ...parts] = pattern.split('*')
  if (parts.length === 0) return text === pattern
  const tail = parts.pop() || ''
  if (!text.startsWith(head) || !text.endsWith(tail) || text.length < head.length + tail.length) return false
  // Each part is looked for after the one before it: never back, so that no pattern is slow.
  let rest = text.slice(head.length, text.length - tail.length)
  for (const part of parts) {
    const at = rest.indexOf(part)
    if (at < 0) return false
    rest = rest.slice(at + part.length)
  }
  return true
}

/** Reads the declared values; one whose element is not there is left out. `found` is what the event happened on. */
export function readValues(
  { values = {} }: DeclaredEvent,
  found: Element | null,
): Readonly<Record<string, string>> {
  const read: Record<string, string> = {}
  for (const name of Object.keys(values)) {
    const value = readValue(values[name] || {}, found)
    if (value) read[name] = value.trim().slice(0, VALUE_LENGTH)
  }
  return read
}

function readValue({ selector, attribute }: DeclaredValue, found: Element | null): string | null {
  const element = selector ? document.querySelector(selector) : found
  // What is typed into it is nobody's business.
  if (!element || element.matches('input[type=password]')) return null
  if (attribute === 'value' && 'value' in element) return String(element.value)
  return attribute ? element.getAttribute(attribute) : element.textContent
}
