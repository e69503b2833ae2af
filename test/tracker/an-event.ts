/** An event as the tracker makes it, with what a test wants of it. */
import type { WireEvent } from '../../protocol/events.ts'

let made = 0

export function anEvent(given: Partial<WireEvent> = {}): WireEvent {
  made += 1
  return {
    eventType: 'BUSINESS',
    eventName: 'AddToCart',
    eventID: `event-${made}`,
    visitID: 'visit-1',
    pageID: 'page-1',
    timestamp: 1_700_000_000_000 + made,
    url: 'https://shop.example/',
    data: {},
    ...given,
  }
}
