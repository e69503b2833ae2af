/** What is left out of what is told: queries, fragments, e-mail addresses and card numbers, unless the site allows. */
import type { TrackerConfig } from './interface.ts'

const MASK = '***'
const URL_LENGTH = 2_048
/** E-mail addresses; and 15 or 16 digits as a card has them, in its groups or not. */
const PERSONAL =
  /[^\s@/?&=:;,"<>]{1,64}(?:@|%40)[^\s@/?&=:;,"<>]+\.[^\s@/?&=:;,"<>]+|\b[2-6](?:[ +-]?\d){14,15}\b/gi

/** Without its query and fragment, but for what `keepQuery` lists, and masked. */
export function cleanUrl(url: string, config: TrackerConfig): string {
  const listed = new Set(config.keepQuery)
  const [, path = '', query = '', fragment = ''] = /^([^?#]*)\??([^#]*)(.*)/.exec(url) || []
  const kept = `&${query}`.replace(/&([^&=]*)[^&]*/g, (part, name) => (listed.has(name) ? part : ''))
  const end = listed.has('#') ? fragment : ''
  return maskText(path + kept.replace('&', '?') + end, config).slice(0, URL_LENGTH)
}

export const maskText = (text: string, { mask }: TrackerConfig): string =>
  mask === false ? text : text.replace(PERSONAL, MASK)

/** For JSON: texts and numbers are masked, whatever is neither stays. */
export function maskValue(value: unknown, config: TrackerConfig): unknown {
  if (typeof value === 'object') return value
  const text = maskText(String(value), config)
  return text === String(value) ? value : text
}
