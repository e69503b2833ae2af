// The stream chunk: what one visitor said in one commit. Each entry repeats only what differs from the one before it.
import type { Reader, Writer } from './bytes.ts'
import { isStoredEvent, type StoredEntry, type StoredEvent, type StoredWords } from './rows.ts'

/** Bits of an entry's head, the ones that vary most first, so that most heads take one or two bytes. */
const OTHER = 1
const BUSINESS = 1 << 1
const NAME = 1 << 2
const DATA = 1 << 3
const OUTCOME = 1 << 4
const OCCURRED = 1 << 5
const AT = 1 << 6
const PLACE = 1 << 7
const PAGE_ID = 1 << 8
const URL = 1 << 9
const TITLE = 1 << 10
const VISIT_ID = 1 << 11
const GIVEN = 1 << 12
const LANGUAGE = 1 << 13
const REFERRER = 1 << 14
const CATEGORY = 1 << 15
const CARRIED = 1 << 16
const LATE = 1 << 17
const FAULTED = 1 << 18
const ERASED = 1 << 19

/** What an entry shares with the one before it; at a chunk's beginning all of it is empty. */
interface Running {
  at: number
  visit: number
  session: number
  page: number
  identity: number
  eventName: string
  visitID: string
  pageID: string
  url: string
  title: string | undefined
  referrer: string | undefined
  category: string | undefined
  languageCode: string | undefined
  carried: number
  /** How far the browser's clock is from ours. */
  skew: number
}

const CARRIERS = ['socket', 'http', 'rest'] as const
const FINAL = 4

/** Encodes entries that follow one another by seq and position; the first one's seq is the chunk's key. */
export function encodeChunk(out: Writer, entries: readonly StoredEntry[]): Uint8Array {
  out.begin()
  out.uint(entries.length)
  out.uint(entries[0]?.position ?? 0)
  const running = nothingYet()
  for (const entry of entries) {
    if (isStoredEvent(entry)) writeEvent(out, running, entry)
    else {
      const empty = Object.keys(entry.payload).length === 0
      writeKept(out, running, entry, OTHER | (empty ? 0 : DATA))
      out.text(entry.kind)
      if (!empty) out.data(entry.payload)
    }
  }
  return out.end()
}

function writeEvent(out: Writer, running: Running, entry: StoredEvent): void {
  const words = entry.words
  const carried = CARRIERS.indexOf(entry.via) | (entry.final ? FINAL : 0)
  let head = 0
  if (words.eventType === 'BUSINESS') head |= BUSINESS
  if (words.eventName !== running.eventName) head |= NAME
  if (hasKeys(words.data)) head |= DATA
  if (entry.occurredAt !== entry.at) head |= OCCURRED
  if (words.pageID !== running.pageID) head |= PAGE_ID
  if (words.url !== running.url) head |= URL
  if (words.title !== running.title) head |= TITLE
  if (words.visitID !== running.visitID) head |= VISIT_ID
  if (words.languageCode !== running.languageCode) head |= LANGUAGE
  if (words.referrer !== running.referrer) head |= REFERRER
  if (words.category !== running.category) head |= CATEGORY
  if (carried !== running.carried) head |= CARRIED
  if (entry.late) head |= LATE
  writeKept(out, running, entry, head)
  if (head & NAME) out.text(words.eventName)
  out.id(words.eventID)
  if (head & OCCURRED) out.near(entry.occurredAt, entry.at)
  out.near(words.timestamp, entry.occurredAt + running.skew)
  if (head & PAGE_ID) out.id(words.pageID)
  if (head & URL) out.text(words.url)
  if (head & TITLE) out.text(words.title)
  if (head & VISIT_ID) out.id(words.visitID)
  if (head & LANGUAGE) out.text(words.languageCode)
  if (head & REFERRER) out.text(words.referrer)
  if (head & CATEGORY) out.text(words.category)
  if (head & CARRIED) out.byte(carried)
  if (head & DATA) out.data(words.data)
  running.eventName = words.eventName
  running.skew = skewOf(words.timestamp, entry.occurredAt)
  running.pageID = words.pageID
  running.url = words.url
  running.title = words.title
  running.visitID = words.visitID
  running.languageCode = words.languageCode
  running.referrer = words.referrer
  running.category = words.category
  running.carried = carried
}

/** What every kind of entry has, behind the head. */
function writeKept(out: Writer, running: Running, entry: StoredEntry, kindBits: number): void {
  let head = kindBits
  if (entry.at !== running.at) head |= AT
  if (
    entry.visit !== running.visit ||
    entry.session !== running.session ||
    entry.page !== running.page ||
    entry.identity !== running.identity
  ) {
    head |= PLACE
  }
  if (entry.outcome !== null && entry.outcome !== undefined) head |= OUTCOME
  if (entry.given !== null && entry.given !== undefined) head |= GIVEN
  if (entry.faulted) head |= FAULTED
  if (entry.erased) head |= ERASED
  out.uint(head)
  if (head & AT) out.near(entry.at, running.at)
  if (head & PLACE) {
    out.uint(entry.visit)
    out.uint(entry.session)
    out.uint(entry.page)
    out.uint(entry.identity)
  }
  if (head & OUTCOME) out.data(entry.outcome)
  if (head & GIVEN) out.data(entry.given)
  running.at = entry.at
  running.visit = entry.visit
  running.session = entry.session
  running.page = entry.page
  running.identity = entry.identity
}

/** The entries of a chunk whose first has this seq, as far as they are wanted: each is read through those before it. */
export function decodeChunk(
  from: Reader,
  firstSeq: number,
  lastSeq: number = Number.MAX_SAFE_INTEGER,
): StoredEntry[] {
  const count = Math.min(from.uint(), lastSeq - firstSeq + 1)
  const firstPosition = from.uint()
  const running = nothingYet()
  const entries: StoredEntry[] = []
  for (let index = 0; index < count; index += 1) {
    const head = from.uint()
    if (head & AT) running.at = from.near(running.at)
    if (head & PLACE) {
      running.visit = from.uint()
      running.session = from.uint()
      running.page = from.uint()
      running.identity = from.uint()
    }
    const kept = {
      seq: firstSeq + index,
      position: firstPosition + index,
      at: running.at,
      visit: running.visit,
      session: running.session,
      page: running.page,
      identity: running.identity,
      outcome: head & OUTCOME ? from.data() : null,
      given: head & GIVEN ? from.data() : null,
      faulted: (head & FAULTED) !== 0,
      ...(head & ERASED ? ({ erased: true } as const) : {}),
    }
    if (head & OTHER) {
      const kind = from.text() ?? ''
      entries.push({ ...kept, kind, payload: head & DATA ? plainData(from) : {} })
    } else {
      entries.push({ ...kept, ...readEvent(from, running, head), late: (head & LATE) !== 0 })
    }
  }
  return entries
}

function readEvent(
  from: Reader,
  running: Running,
  head: number,
): Pick<StoredEvent, 'kind' | 'words' | 'occurredAt' | 'via' | 'final'> {
  if (head & NAME) running.eventName = from.text() ?? ''
  const eventID = from.id()
  const occurredAt = head & OCCURRED ? from.near(running.at) : running.at
  const timestamp = from.near(occurredAt + running.skew)
  running.skew = skewOf(timestamp, occurredAt)
  if (head & PAGE_ID) running.pageID = from.id()
  if (head & URL) running.url = from.text() ?? ''
  if (head & TITLE) running.title = from.text() ?? undefined
  if (head & VISIT_ID) running.visitID = from.id()
  if (head & LANGUAGE) running.languageCode = from.text() ?? undefined
  if (head & REFERRER) running.referrer = from.text() ?? undefined
  if (head & CATEGORY) running.category = from.text() ?? undefined
  if (head & CARRIED) running.carried = from.byte()
  const words: StoredWords = {
    eventType: head & BUSINESS ? 'BUSINESS' : 'SYSTEM',
    eventName: running.eventName,
    eventID,
    visitID: running.visitID,
    pageID: running.pageID,
    timestamp,
    url: running.url,
    ...(running.title !== undefined && { title: running.title }),
    ...(running.referrer !== undefined && { referrer: running.referrer }),
    ...(running.category !== undefined && { category: running.category }),
    ...(running.languageCode !== undefined && { languageCode: running.languageCode }),
    data: head & DATA ? plainData(from) : {},
  }
  const via = CARRIERS[running.carried & 3] ?? 'socket'
  return { kind: 'event', words, occurredAt, via, final: (running.carried & FINAL) !== 0 }
}

/** The skew that the next entry's timestamp is measured from; 0 where it would not stay exact. */
function skewOf(timestamp: number, occurredAt: number): number {
  const skew = timestamp - occurredAt
  return Number.isInteger(skew) && Math.abs(skew) < 2 ** 48 ? skew : 0
}

/** The boundary to untyped bytes: `data` and `payload` are written as objects only. */
function plainData(from: Reader): Readonly<Record<string, unknown>> {
  return from.data() as Readonly<Record<string, unknown>>
}

function hasKeys(data: object): boolean {
  for (const _ in data) return true
  return false
}

function nothingYet(): Running {
  return {
    at: 0,
    visit: 0,
    session: 0,
    page: 0,
    identity: 0,
    eventName: '',
    visitID: '',
    pageID: '',
    url: '',
    title: undefined,
    referrer: undefined,
    category: undefined,
    languageCode: undefined,
    carried: 0,
    skew: 0,
  }
}
