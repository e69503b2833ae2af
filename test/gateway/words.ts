/** What clients say in these tests. */

export const TOKEN = '0123456789abcdef0123456789abcdef'

export function hello(over: Record<string, unknown> = {}): Record<string, unknown> {
  return { type: 'hello', globalVisitID: 'g1', deviceToken: TOKEN, sentAt: 1_000_000, ...over }
}

let made = 0

export function event(over: Record<string, unknown> = {}): Record<string, unknown> {
  made += 1
  return {
    eventType: 'BUSINESS',
    eventName: 'AddToCart',
    eventID: `e${made}`,
    visitID: 'v1',
    pageID: 'p1',
    timestamp: 1_000_000,
    url: 'https://shop.example/',
    data: {},
    ...over,
  }
}

export function system(
  eventName: string,
  data: Record<string, unknown> = {},
  over: Record<string, unknown> = {},
) {
  return event({ eventType: 'SYSTEM', eventName, data, ...over })
}

export function events(id: number, list: readonly unknown[], sentAt = 1_000_000): Record<string, unknown> {
  return { type: 'events', id, sentAt, events: list }
}

/** So many of them in one batch. */
export function batchOf(id: number, count: number): Record<string, unknown> {
  return events(
    id,
    Array.from({ length: count }, () => event()),
  )
}
