// Rows of what a visitor has: visits, sessions, pages, links, and the names that lead to them.
import type { Reader, Writer } from './bytes.ts'
import type { LinkRow, NameKind, NameRow, PageRow, Ranges, SessionRow, VisitRow } from './rows.ts'

export function encodeVisit(out: Writer, row: VisitRow): Uint8Array {
  out.begin()
  out.id(row.visitId)
  out.uint(row.position)
  writeDates(out, row)
  out.text(row.reason)
  out.byte(row.implicit ? 1 : 0)
  out.id(row.userAgentId ?? '')
  out.uint(row.authenticated)
  out.uint(row.recognized)
  writeRanges(out, row.ranges)
  return out.end()
}

export function decodeVisit(from: Reader, number: number, ordinal: number): VisitRow {
  return {
    number,
    ordinal,
    visitId: from.id(),
    position: from.uint(),
    ...readDates(from),
    reason: from.text(),
    implicit: from.byte() === 1,
    userAgentId: from.id() || null,
    authenticated: from.uint(),
    recognized: from.uint(),
    ranges: readRanges(from),
  }
}

export function encodeSession(out: Writer, row: SessionRow): Uint8Array {
  out.begin()
  out.id(row.sessionId)
  out.uint(row.identity)
  out.uint(row.position)
  writeDates(out, row)
  out.text(row.reason)
  writeRanges(out, row.ranges)
  return out.end()
}

export function decodeSession(
  from: Reader,
  key: { readonly number: number; readonly visit: number; readonly ordinal: number },
): SessionRow {
  return {
    ...key,
    sessionId: from.id(),
    identity: from.uint(),
    position: from.uint(),
    ...readDates(from),
    reason: from.text(),
    ranges: readRanges(from),
  }
}

export function encodePage(out: Writer, row: PageRow): Uint8Array {
  out.begin()
  out.id(row.pageId)
  out.id(row.browserPageID)
  out.uint(row.session)
  out.uint(row.identity)
  out.uint(row.position)
  writeDates(out, row)
  out.text(row.url)
  out.text(row.title)
  out.text(row.category)
  out.text(row.referrer)
  writeRanges(out, row.ranges)
  return out.end()
}

export function decodePage(
  from: Reader,
  key: { readonly number: number; readonly visit: number; readonly ordinal: number },
): PageRow {
  const pageId = from.id()
  const browserPageID = from.id()
  const session = from.uint()
  const identity = from.uint()
  const position = from.uint()
  const dates = readDates(from)
  const url = from.text() ?? ''
  const title = from.text()
  const category = from.text()
  const referrer = from.text()
  return {
    ...key,
    pageId,
    browserPageID,
    session,
    identity,
    position,
    ...dates,
    url,
    ...(title !== null && { title }),
    ...(category !== null && { category }),
    ...(referrer !== null && { referrer }),
    ranges: readRanges(from),
  }
}

export function encodeLink(out: Writer, row: LinkRow): Uint8Array {
  out.begin()
  out.text(row.association)
  out.uint(row.position)
  writeRanges(out, row.ranges)
  return out.end()
}

export function decodeLink(
  from: Reader,
  key: { readonly number: number; readonly visit: number; readonly identity: number },
): LinkRow {
  return { ...key, association: from.text(), position: from.uint(), ranges: readRanges(from) }
}

export function encodeName(out: Writer, row: NameRow): Uint8Array {
  out.begin()
  out.uint(row.number)
  out.uint(row.visit)
  out.uint(row.ordinal)
  return out.end()
}

export function decodeName(from: Reader, kind: NameKind, name: string): NameRow {
  return { kind, name, number: from.uint(), visit: from.uint(), ordinal: from.uint() }
}

interface Dates {
  readonly startDate: number
  readonly endDate: number
}

function writeDates(out: Writer, { startDate, endDate }: Dates): void {
  out.near(startDate, 0)
  out.byte(endDate === 0 ? 0 : 1)
  if (endDate !== 0) out.near(endDate, startDate)
}

function readDates(from: Reader): Dates {
  const startDate = from.near(0)
  return { startDate, endDate: from.byte() === 0 ? 0 : from.near(startDate) }
}

/** Each stretch as the distance from the one before and its length; 0 = it goes on. */
function writeRanges(out: Writer, ranges: Ranges): void {
  out.uint(ranges.length)
  let before = 0
  for (const [from, to] of ranges) {
    out.near(from, before)
    out.uint(to === 0 ? 0 : to - from + 1)
    before = to === 0 ? from : to
  }
}

function readRanges(from: Reader): Ranges {
  let before = 0
  return Array.from({ length: from.uint() }, (): readonly [number, number] => {
    const first = from.near(before)
    const length = from.uint()
    const to = length === 0 ? 0 : first + length - 1
    before = to === 0 ? first : to
    return [first, to]
  })
}
