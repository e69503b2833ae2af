// The part of a draft by which somebody is hidden, or rows go: at once for all reads, in the order of the commits (Q12).
import type { Reader, Writer } from './bytes.ts'
import type { DraftRows } from './draft.ts'
import type { RowPut } from './encode.ts'
import type { DroppedRows, ErasedKind, ErasedSpan, ErasingPuts, ErasureRow, FadingRow } from './erased.ts'
import { encodeErasedAt, encodeErasure, encodeSpans, erasedKey, goneKeys, mentionKey } from './erasing.ts'
import { encodeFading, fadingKey } from './fading.ts'
import { hash16, idKey } from './keys.ts'
import { namePath, path } from './paths.ts'
import { KEYS, NOTHING, type Tables } from './tables.ts'

export interface HidingRows {
  readonly erased: Map<string, { readonly kind: ErasedKind; readonly id: string; readonly at: number }>
  readonly erasedSpans: Map<number, readonly ErasedSpan[]>
  readonly mentions: Map<string, { readonly identityId: string; readonly number: number }>
  readonly erasures: Map<string, ErasureRow>
  /** Rows that go, unless the draft puts them again behind it. */
  readonly dropped: DroppedRows[]
  readonly fading: FadingRow[]
}

export function emptyHiding(): HidingRows {
  return {
    erased: new Map(),
    erasedSpans: new Map(),
    mentions: new Map(),
    erasures: new Map(),
    dropped: [],
    fading: [],
  }
}

/** Numbers that were given out and have no row any more: the highest of each, kept so that none comes again. */
const HIGHEST_VISITOR = idKey('goneVisitor')
const HIGHEST_IDENTITY = idKey('goneIdentity')

export function hidingPuts(rows: DraftRows): ErasingPuts {
  return {
    hideIdentity(identity, identityId, pseudonym) {
      rows.identityNumbers.set(identityId, 0)
      rows.identityNumbers.set(pseudonym, identity)
      rows.identities.set(identity, null)
    },
    dropIdentity(identity, identityId) {
      rows.identityNumbers.set(identityId, 0)
      rows.identities.set(identity, null)
    },
    hideVisitor(number, globalVisitID) {
      const put = rows.visitors.get(number)
      const row = put?.row ?? rows.below.visitor(number)
      if (row === null) return
      rows.visitors.set(number, { previousSeq: row.seq, entries: [], ...put, row, isGone: true })
      rows.visitorNumbers.set(globalVisitID, 0)
    },
    putErased: (kind, id, at) => void rows.erased.set(`${kind} ${id}`, { kind, id, at }),
    putErasedSpans: (number, spans) => void rows.erasedSpans.set(number, spans),
    putMention: (identityId, number) =>
      void rows.mentions.set(`${number} ${identityId}`, { identityId, number }),
    putErasure: (row) => void rows.erasures.set(row.id, row),
    dropRows: (gone) => dropRows(rows, gone),
    putFading: (row) => void rows.fading.push(row),
  }
}

/** No read of this draft, or of one behind it, finds them. */
function dropRows(rows: DraftRows, gone: DroppedRows): void {
  const { visits = [], sessions = [], pages = [], names = [], links = [], contacts = [] } = gone
  for (const { number, ordinal } of visits) rows.visits.set(path(number, ordinal), null)
  for (const { number, visit, ordinal } of sessions) rows.sessions.set(path(number, visit, ordinal), null)
  for (const { number, visit, ordinal } of pages) rows.pages.set(path(number, visit, ordinal), null)
  for (const { kind, name } of names) rows.names.set(namePath(kind, name), null)
  for (const { number, visit, identity } of links) rows.links.set(path(number, visit, identity), null)
  for (const { position, n } of contacts) rows.contacts.set(path(position, n), null)
  rows.dropped.push(gone)
}

/** Those that were not put again since. */
export function stillDropped(rows: DraftRows, gone: DroppedRows): DroppedRows {
  const { visits = [], sessions = [], pages = [], names = [], links = [], contacts = [] } = gone
  return {
    ...gone,
    visits: visits.filter(({ number, ordinal }) => rows.visits.get(path(number, ordinal)) === null),
    sessions: sessions.filter(
      ({ number, visit, ordinal }) => rows.sessions.get(path(number, visit, ordinal)) === null,
    ),
    pages: pages.filter(
      ({ number, visit, ordinal }) => rows.pages.get(path(number, visit, ordinal)) === null,
    ),
    names: names.filter(({ kind, name }) => rows.names.get(namePath(kind, name)) === null),
    links: links.filter(
      ({ number, visit, identity }) => rows.links.get(path(number, visit, identity)) === null,
    ),
    contacts: contacts.filter(({ position, n }) => rows.contacts.get(path(position, n)) === null),
  }
}

/** The rows of it. */
export function hidingRows(out: Writer, draft: DraftRows): RowPut[] {
  const rows: RowPut[] = []
  for (const { kind, id, at } of draft.erased.values()) {
    rows.push({ table: 'erased', key: erasedKey(kind, id), value: encodeErasedAt(out, at) })
  }
  for (const [number, spans] of draft.erasedSpans) {
    rows.push({
      table: 'erasedSpans',
      key: KEYS.visitor.bound([number], 0),
      value: encodeSpans(out, spans),
    })
  }
  for (const { identityId, number } of draft.mentions.values()) {
    rows.push({ table: 'mentions', key: mentionKey(hash16(identityId), number), value: NOTHING })
  }
  for (const row of draft.erasures.values()) {
    rows.push({ table: 'erasures', key: idKey(row.id), value: encodeErasure(out, row) })
  }
  for (const row of draft.fading) {
    rows.push({ table: 'fading', key: fadingKey(row), value: encodeFading(out, row) })
  }
  for (const gone of draft.dropped) {
    for (const place of goneKeys(stillDropped(draft, gone))) rows.push({ ...place, value: null })
  }
  return [...rows, ...goneRows(out, draft)]
}

function goneRows(out: Writer, draft: DraftRows): RowPut[] {
  const rows: RowPut[] = []
  for (const [globalVisitID, number] of draft.visitorNumbers) {
    if (number === 0) rows.push({ table: 'visitorNumbers', key: idKey(globalVisitID), value: null })
  }
  for (const [identityId, number] of draft.identityNumbers) {
    if (number === 0) rows.push({ table: 'identityNumbers', key: hash16(identityId), value: null })
  }
  for (const [identity, row] of draft.identities) {
    if (row !== null) continue
    rows.push({ table: 'identities', key: KEYS.identity.bound([identity], 0), value: null })
    rows.push({ table: 'meta', key: HIGHEST_IDENTITY, value: encodeNumber(out, draft.next.identity - 1) })
  }
  for (const { isGone } of draft.visitors.values()) {
    if (isGone !== true) continue
    rows.push({ table: 'meta', key: HIGHEST_VISITOR, value: encodeNumber(out, draft.next.visitor - 1) })
  }
  return rows
}

export function highestGone(
  tables: Tables,
  reader: Reader,
): { readonly visitor: number; readonly identity: number } {
  const read = (key: Uint8Array): number => {
    const row = tables.meta.getBinaryFast(key)
    if (row === undefined) return 0
    reader.open(row)
    return reader.uint()
  }
  return { visitor: read(HIGHEST_VISITOR), identity: read(HIGHEST_IDENTITY) }
}

function encodeNumber(out: Writer, number: number): Uint8Array {
  out.begin()
  out.uint(number)
  return out.end()
}
