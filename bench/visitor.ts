/** What a visitor of the bench says: real ids, pages entered and left, eight things done on each. */
import { randomBytes, randomUUID } from 'node:crypto'

/** Makes the frames of one browser, one after another. */
export interface Visitor {
  readonly globalVisitID: string
  readonly visitID: string
  readonly hello: () => string
  /** The next batch. */
  readonly batch: (events: number) => string
  /** The next events, as a JSON list. */
  readonly events: (count: number) => string
  /** Bytes of the events made so far, as JSON. */
  readonly eventBytes: () => number
  readonly made: () => number
  /** Signing in and out so far: each changes who is known to be there. */
  readonly changes: () => number
  /** The ids of the newest events, oldest first: at most `RECENT` of them. */
  readonly recent: () => readonly string[]
}

export interface VisitorPlan {
  readonly globalVisitID?: string
  readonly visitID?: string
  /** Signs in; null = never. */
  readonly identityId?: string | null
  /** Events before that; 4 where it is not given. */
  readonly signInAfter?: number
  /** Signs out 25 events later, in again 25 after that, and so on. */
  readonly comesAndGoes?: boolean
}

/** Event ids that a visitor remembers. */
export const RECENT = 100
/** Events of one page: it is entered, things happen, it is left. */
const PAGE_EVENTS = 10
/** Events from signing in to signing out, and back: whoever comes and goes changes with one of so many. */
export const STAY_EVENTS = 25
const SIGN_IN_AFTER = 4
const PRODUCTS = ['bell', 'bicycle', 'helmet', 'lamp', 'lock', 'pump', 'saddle', 'trailer']
const NAMES = ['ViewProduct', 'Zoom', 'AddToCart', 'Search', 'ScrollDepth']

export function newVisitor(plan: VisitorPlan = {}): Visitor {
  const { globalVisitID = randomUUID(), visitID = randomUUID(), identityId = null } = plan
  const recent: string[] = []
  let made = 0
  let changes = 0
  let bytes = 0
  let batches = 0
  let page = nextPage(0)

  function event(): string {
    const at = made === 0 ? -1 : (made - 1) % PAGE_EVENTS
    if (made > 1 && at === 0) page = nextPage(made)
    const eventID = timedUuid()
    const change = changeAt(made)
    if (change !== null) changes += 1
    const text = eventText({ eventID, visitID, page, words: change ?? wordsAt(at, made, page.product) })
    recent[made % RECENT] = eventID
    made += 1
    bytes += text.length
    return text
  }

  function events(count: number): string {
    let list = event()
    for (let index = 1; index < count; index += 1) list += `,${event()}`
    return `[${list}]`
  }

  function changeAt(index: number): Words | null {
    const { signInAfter = SIGN_IN_AFTER, comesAndGoes = false } = plan
    const since = index - signInAfter
    if (identityId === null || since < 0 || since % STAY_EVENTS !== 0) return null
    const signsIn = since % (2 * STAY_EVENTS) === 0
    if (since > 0 && !comesAndGoes) return null
    return ['SYSTEM', signsIn ? 'SignIn' : 'SignOut', signsIn ? `{"identityId":"${identityId}"}` : '{}']
  }

  return {
    globalVisitID,
    visitID,
    hello: () => {
      const deviceToken = randomBytes(16).toString('hex')
      return JSON.stringify({ type: 'hello', globalVisitID, deviceToken, visitID, sentAt: Date.now() })
    },
    batch: (count) => {
      batches += 1
      return `{"type":"events","id":${batches},"sentAt":${Date.now()},"events":${events(count)}}`
    },
    events,
    eventBytes: () => bytes,
    made: () => made,
    changes: () => changes,
    recent: () =>
      made <= RECENT ? recent : Array.from(recent, (_, index) => recent[(made + index) % RECENT] ?? ''),
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

/** An event's type, its name and its data. */
type Words = readonly [type: 'SYSTEM' | 'BUSINESS', name: string, data: string]

interface Saying {
  readonly eventID: string
  readonly visitID: string
  readonly page: Page
  readonly words: Words
}

function eventText({
  eventID,
  visitID,
  page: { pageID, product },
  words: [type, name, data],
}: Saying): string {
  const ids = `"eventID":"${eventID}","visitID":"${visitID}","pageID":"${pageID}"`
  const where = `"url":"https://shop.example/products/${product}?from=search","title":"The shop: ${product}"`
  return `{"eventType":"${type}","eventName":"${name}",${ids},"timestamp":${Date.now()},${where},"data":${data}}`
}

/** `at` is the place in the page; -1: the visit starts. */
function wordsAt(at: number, made: number, product: string): Words {
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

/** A UUIDv7 as the tracker makes them for events. */
function timedUuid(): string {
  const now = performance.timeOrigin + performance.now()
  const time = Math.floor(now).toString(16).padStart(12, '0')
  const within = Math.floor((now % 1) * 4_096)
    .toString(16)
    .padStart(3, '0')
  return `${time.slice(0, 8)}-${time.slice(8)}-7${within}${randomUUID().slice(18)}`
}
