// Single rows from disk: the reads of the hot path, each one look-up.
import type { Reader } from './bytes.ts'
import { decodeChunk } from './chunk.ts'
import type { RowReads } from './contract.ts'
import { createErasedReads } from './erasing.ts'
import { hash16, idKey, scoreKey } from './keys.ts'
import { nameKey } from './name-key.ts'
import { decodeContact, decodeIdentity, decodeScore, decodeToken } from './node-rows.ts'
import { decodeLink, decodeName, decodePage, decodeSession, decodeVisit } from './resource-rows.ts'
import type { ContactRow } from './rows.ts'
import { findSeen } from './seen.ts'
import { KEYS, OF_VISITOR, type Table, type Tables } from './tables.ts'
import { decodeVisitor } from './visitor-row.ts'

/** Reads committed rows. `getBinaryFast` lends its bytes until the next read, so each row is decoded at once. */
export function createRowReads(tables: Tables, reader: Reader): RowReads {
  /** The reader at the beginning of a row, or null where there is none. */
  function at(table: Table, key: Uint8Array): Reader | null {
    const row = table.getBinaryFast(key)
    if (row === undefined) return null
    reader.open(row)
    return reader
  }

  return {
    ...createErasedReads(tables, reader),
    visitorNumber: (globalVisitID) => at(tables.visitorNumbers, idKey(globalVisitID))?.uint() ?? 0,
    visitor(number) {
      const row = at(tables.visitors, KEYS.visitor.of(number))
      return row && decodeVisitor(row, number)
    },
    visit(number, ordinal) {
      const row = at(tables.visits, KEYS.visit.of(number, ordinal))
      return row && decodeVisit(row, number, ordinal)
    },
    session(number, visit, ordinal) {
      const row = at(tables.sessions, KEYS.session.of(number, visit, ordinal))
      return row && decodeSession(row, { number, visit, ordinal })
    },
    page(number, visit, ordinal) {
      const row = at(tables.pages, KEYS.page.of(number, visit, ordinal))
      return row && decodePage(row, { number, visit, ordinal })
    },
    name(kind, name) {
      const row = at(tables.names, nameKey(kind, name))
      return row && decodeName(row, kind, name)
    },
    identityNumber: (identityId) => at(tables.identityNumbers, hash16(identityId))?.uint() ?? 0,
    identity(identity) {
      const row = at(tables.identities, KEYS.identity.of(identity))
      return row && decodeIdentity(row, identity)
    },
    link(number, visit, identity) {
      const row = at(tables.links, KEYS.link.of(number, visit, identity))
      return row && decodeLink(row, { number, visit, identity })
    },
    token(globalVisitID) {
      const row = at(tables.tokens, idKey(globalVisitID))
      return row && decodeToken(row, globalVisitID)
    },
    seenSeq: (number, eventID) => findSeen(tables, reader, number, eventID),
    userAgent: (userAgentId) => at(tables.userAgents, idKey(userAgentId))?.text() ?? null,
    score(rule, version) {
      const row = at(tables.scores, scoreKey(rule, version))
      return row && decodeScore(row)
    },
    contactsOfEntry(number, seq) {
      const position = positionOf(tables, reader, { number, seq })
      return position === 0 ? [] : contactsAt(tables, reader, { number, position })
    },
  }
}

/** The position of a visitor's entry, or 0: it stands in the last chunk that begins at or before it. */
function positionOf(
  tables: Tables,
  reader: Reader,
  entry: { readonly number: number; readonly seq: number },
): number {
  const { number, seq } = entry
  const last = { start: KEYS.stream.bound([number, seq], 0), end: KEYS.stream.bound([number], 0) }
  for (const { key, value } of tables.stream.getRange({ ...last, reverse: true, limit: 1 })) {
    reader.open(value)
    const found = decodeChunk(reader, KEYS.stream.part(key, 1)).find((kept) => kept.seq === seq)
    return found?.position ?? 0
  }
  return 0
}

function contactsAt(
  tables: Tables,
  reader: Reader,
  place: { readonly number: number; readonly position: number },
): ContactRow[] {
  const parts = [OF_VISITOR, place.number, place.position]
  const range = {
    start: KEYS.contactOf.bound(parts, 0),
    end: KEYS.contactOf.bound(parts, 255),
    inclusiveEnd: true,
  }
  const numbers = Array.from(tables.contactsOf.getKeys(range), (key) => KEYS.contactOf.part(key, 3))
  return numbers.flatMap((n) => {
    const row = tables.contacts.getBinaryFast(KEYS.contact.of(place.position, n))
    if (row === undefined) return []
    reader.open(row)
    return [decodeContact(reader, place.position, n)]
  })
}
