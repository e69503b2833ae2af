/** Filters by equality, as tests of rows. */
import { isStoredEvent, type PageRow, type VisitRow } from '../store/rows.ts'
import type { Reading } from './reading.ts'
import type { PlacedEntry } from './streams.ts'

/** What an event may be filtered by; undefined = any. */
export interface EventFilters {
  readonly eventName?: string | undefined
  readonly eventType?: string | undefined
  readonly category?: string | undefined
  readonly url?: string | undefined
  readonly browserPageID?: string | undefined
}

export interface PageFilters {
  readonly url?: string | undefined
  readonly title?: string | undefined
  readonly category?: string | undefined
}

export function eventMatches(filters: EventFilters): (row: PlacedEntry) => boolean {
  const { eventName, eventType, category, url, browserPageID } = filters
  return ({ entry }) => {
    if (!isStoredEvent(entry)) return false
    const { words } = entry
    return (
      equals(eventName, words.eventName) &&
      equals(eventType, words.eventType) &&
      hasCategory(category, words.category) &&
      equals(url, words.url) &&
      equals(browserPageID, words.pageID)
    )
  }
}

export function pageMatches({ url, title, category }: PageFilters): (page: PageRow) => boolean {
  return (page) => equals(url, page.url) && equals(title, page.title) && hasCategory(category, page.category)
}

/** E11: made with this browser; undefined = any. */
export function hasUserAgent(
  { store }: Pick<Reading, 'store'>,
  { userAgentId }: VisitRow,
  wanted: string | undefined,
): boolean {
  if (wanted === undefined) return true
  return userAgentId !== null && store.userAgent(userAgentId) === wanted
}

function equals(wanted: string | undefined, value: string | undefined): boolean {
  return wanted === undefined || wanted === value
}

/** E11: a value may hold several, joined by `;`; the filter is one of them, or any. */
function hasCategory(wanted: string | undefined, value = ''): boolean {
  if (wanted === undefined) return true
  if (wanted === 'all categories') return value !== ''
  return value.split(';').some((category) => category.trim() === wanted)
}
