/** What a visitor of the bench says: real ids, pages entered and left, eight things done on each. */
import { randomBytes, randomUUID } from 'node:crypto'

/** Makes the frames of one browser, one after another. */
export interface Visitor {
  readonly globalVisitID: string
  readonly hello: () => string
  /** The next batch. */
  readonly batch: (events: number) => string
  /** Bytes of the events made so far, as JSON. */
  readonly eventBytes: () => number
}

/** Events of one page: it is entered, things happen, it is left. */
const PAGE_EVENTS = 10
const PRODUCTS = ['bell', 'bicycle', 'helmet', 'lamp', 'lock', 'pump', 'saddle', 'trailer']
const NAMES = ['ViewProduct', 'Zoom', 'AddToCart', 'Search', 'ScrollDepth']

export function newVisitor(): Visitor {
  const globalVisitID = randomUUID()
  const visitID = randomUUID()
  let made = 0
  let bytes = 0
  let batches = 0
  let page = nextPage(0)

  function event(): string {
    const at = made === 0 ? -1 : (made - 1) % PAGE_EVENTS
    if (made > 1 && at === 0) page = nextPage(made)
    const text = eventText({ visitID, page, at, made })
    made += 1
    bytes += text.length
    return text
  }

  return {
    globalVisitID,
    hello: () => {
      const deviceToken = randomBytes(16).toString('hex')
      return JSON.stringify({ type: 'hello', globalVisitID, deviceToken, visitID, sentAt: Date.now() })
    },
    batch: (events) => {
      batches += 1
      let list = event()
      for (let index = 1; index < events; index += 1) list += `,${event()}`
      return `{"type":"events","id":${batches},"sentAt":${Date.now()},"events":[${list}]}`
    },
    eventBytes: () => bytes,
  }
}

interface Page {
  readonly pageID: string
  readonly product: string
}

function nextPage(made: number): Page {
  return {
    pageID: randomUUID(),
    product: PRODUCTS[Math.floor(made / PAGE_EVENTS) % PRODUCTS.length] ?? 'bell',
  }
}

interface Saying {
  readonly visitID: string
  readonly page: Page
  /** -1: the visit starts. */
  readonly at: number
  readonly made: number
}

function eventText({ visitID, page: { pageID, product }, at, made }: Saying): string {
  const [type, name, data] = words(at, made, product)
  const ids = `"eventID":"${randomUUID()}","visitID":"${visitID}","pageID":"${pageID}"`
  const where = `"url":"https://shop.example/products/${product}?from=search","title":"The shop: ${product}"`
  return `{"eventType":"${type}","eventName":"${name}",${ids},"timestamp":${Date.now()},${where},"data":${data}}`
}

function words(at: number, made: number, product: string): readonly [string, string, string] {
  if (at === -1) return ['SYSTEM', 'VisitStarted', '{"screen":"1920x1080","timezone":"Europe/Berlin"}']
  if (at === 0) return ['SYSTEM', 'PageEntered', '{}']
  if (at === PAGE_EVENTS - 1) return ['SYSTEM', 'PageExited', `{"durationMs":${1_000 + made}}`]
  const price = (10 + (made % 900) / 10).toFixed(1)
  return [
    'BUSINESS',
    NAMES[made % NAMES.length] ?? 'Zoom',
    `{"sku":"${product}-${made}","price":${price},"count":1}`,
  ]
}
