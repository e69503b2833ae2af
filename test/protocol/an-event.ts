/** Events for tests of the wire. */

/** An event as a browser sends it, with some fields otherwise; a field set to undefined is left out. */
export function anEvent(fields: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  const whole = {
    eventType: 'BUSINESS',
    eventName: 'AddToCart',
    eventID: 'e1',
    visitID: 'v1',
    pageID: 'p1',
    timestamp: 1_790_000_000_000,
    url: 'https://shop.example/cart',
    data: { sku: '42' },
    ...fields,
  }
  return Object.fromEntries(Object.entries(whole).filter(([, value]) => value !== undefined))
}

/** A SYSTEM event. */
export function aSystemEvent(eventName: string, data: unknown = {}): Record<string, unknown> {
  return anEvent({ eventType: 'SYSTEM', eventName, data })
}
