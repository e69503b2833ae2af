// A draft's rows as keys and values, ready to be put: all work that needs no transaction is done before it.
import type { Writer } from './bytes.ts'
import { encodeChunk } from './chunk.ts'
import type { Stretch } from './contract.ts'
import type { DraftRows, DraftVisitor } from './draft.ts'
import { hidingRows } from './hiding.ts'
import { addressKey, hash16, idKey, scoreKey, WIDTH } from './keys.ts'
import { nameKey } from './name-key.ts'
import {
  encodeBase,
  encodeChange,
  encodeCommit,
  encodeContact,
  encodeIdentity,
  encodeScore,
  encodeToken,
} from './node-rows.ts'
import { encodeLink, encodeName, encodePage, encodeSession, encodeVisit } from './resource-rows.ts'
import type { CommitStretch, StoredEntry, TokenRow } from './rows.ts'
import { isStoredEvent } from './rows.ts'
import { KEYS, NOTHING, OF_IDENTITY, OF_VISITOR, type TableName } from './tables.ts'
import { userAgentUse } from './user-agents.ts'
import { encodeVisitor } from './visitor-row.ts'

/** A visitor's row; the transaction checks the fence and moves its deadline. */
export interface VisitorPut {
  readonly visitor: DraftVisitor
  /** Null = it goes. */
  readonly value: Uint8Array | null
}

/** A chunk of the stream; the transaction remembers its eventIDs. */
export interface ChunkPut {
  readonly stretch: Stretch
  readonly value: Uint8Array
}

/** Any other row; null removes it. */
export interface RowPut {
  readonly table: TableName
  readonly key: Uint8Array
  readonly value: Uint8Array | null
}

export interface Batch {
  readonly visitors: readonly VisitorPut[]
  readonly chunks: readonly ChunkPut[]
  readonly rows: readonly RowPut[]
  /** The positions it takes: none where `count` is 0. */
  readonly firstPosition: number
  readonly count: number
  readonly at: number
  readonly bytes: number
}

/** Encodes a draft. Throws where its entries do not follow one another: that is a fault of whoever made it. */
export function encodeDraft(out: Writer, draft: DraftRows, at: number): Batch {
  const visitors = Array.from(draft.visitors.values(), (visitor): VisitorPut => {
    if (visitor.previousSeq + visitor.entries.length !== visitor.row.seq) throw gap('seq', visitor.row.number)
    return { visitor, value: visitor.isGone === true ? null : encodeVisitor(out, visitor.row) }
  })
  const chunks = draft.stretches.map(
    (stretch): ChunkPut => ({ stretch, value: encodeChunk(out, stretch.entries) }),
  )
  const rows = [
    ...visitorRows(out, draft),
    ...sharedRows(out, draft),
    ...ruleRows(out, draft),
    ...tokenRows(out, draft),
    ...hidingRows(out, draft),
  ]
  const firstPosition = draft.stretches[0]?.entries[0]?.position ?? 0
  const stretches = stretchesOf(draft.stretches, firstPosition)
  if (stretches.length > 0) {
    const key = KEYS.commit.bound([firstPosition], 0)
    rows.push({ table: 'commits', key, value: encodeCommit(out, { position: firstPosition, at, stretches }) })
  }
  // Neighbouring keys share pages: in order, each page is looked for and written once.
  visitors.sort((a, b) => a.visitor.row.number - b.visitor.row.number)
  chunks.sort((a, b) => a.stretch.number - b.stretch.number)
  return {
    visitors,
    chunks,
    rows,
    firstPosition,
    count: stretches.reduce((sum, { count }) => sum + count, 0),
    at,
    bytes: [...visitors, ...chunks, ...rows].reduce((sum, { value }) => sum + (value?.length ?? 0), 0),
  }
}

function gap(what: string, number: number): Error {
  return new Error(
    `the entries of visitor ${number} do not follow one another by ${what}; a draft takes them in order`,
  )
}

/** One for each chunk; the positions must run through them. */
function stretchesOf(stretches: readonly Stretch[], firstPosition: number): CommitStretch[] {
  let position = firstPosition
  return stretches.map(({ number, entries }) => {
    let contents = 0
    for (const entry of entries) {
      if (entry.position !== position) throw gap('position', number)
      position += 1
      contents |= contentsOf(entry)
    }
    return { number, firstSeq: entries[0]?.seq ?? 0, count: entries.length, contents }
  })
}

/** The bits that `CommitStretch` documents. */
function contentsOf(entry: StoredEntry): number {
  if (!isStoredEvent(entry)) return 8
  const { eventType, eventName } = entry.words
  if (eventType === 'BUSINESS') return 1
  return eventName === 'SignIn' || eventName === 'SignOut' || eventName === 'UserInfo' ? 2 | 4 : 2
}

/** Rows that belong to one visitor. */
function visitorRows(out: Writer, draft: DraftRows): RowPut[] {
  const rows: RowPut[] = []
  for (const [globalVisitID, number] of draft.visitorNumbers) {
    // A number without a row would be allotted again after a restart: it is kept only with the visitor.
    if (number === 0 || !draft.visitors.has(number)) continue
    rows.push({ table: 'visitorNumbers', key: idKey(globalVisitID), value: encodeNumber(out, number) })
  }
  for (const row of draft.bases) {
    rows.push({ table: 'bases', key: KEYS.base.bound([row.number, row.seq], 0), value: encodeBase(out, row) })
  }
  for (const row of draft.visits.values()) {
    if (row === null) continue
    const key = KEYS.visit.bound([row.number, row.ordinal], 0)
    rows.push({ table: 'visits', key, value: encodeVisit(out, row) })
    rows.push({ table: 'openVisits', key, value: row.endDate === 0 ? NOTHING : null })
    // Its text is put where a visit is opened.
    const use = draft.userAgents.has(row.userAgentId ?? '') ? userAgentUse(row) : null
    if (use !== null) rows.push({ table: 'userAgentUses', key: use, value: NOTHING })
  }
  for (const row of draft.sessions.values()) {
    if (row === null) continue
    const key = KEYS.session.bound([row.number, row.visit, row.ordinal], 0)
    rows.push({ table: 'sessions', key, value: encodeSession(out, row) })
  }
  for (const row of draft.pages.values()) {
    if (row === null) continue
    const key = KEYS.page.bound([row.number, row.visit, row.ordinal], 0)
    rows.push({ table: 'pages', key, value: encodePage(out, row) })
  }
  for (const row of draft.names.values()) {
    if (row === null) continue
    rows.push({ table: 'names', key: nameKey(row.kind, row.name), value: encodeName(out, row) })
  }
  return rows
}

/** Rows about people, and what listeners are told. */
function sharedRows(out: Writer, draft: DraftRows): RowPut[] {
  const rows: RowPut[] = []
  for (const [identityId, identity] of draft.identityNumbers) {
    if (identity === 0 || !draft.identities.has(identity)) continue
    rows.push({ table: 'identityNumbers', key: hash16(identityId), value: encodeNumber(out, identity) })
  }
  for (const row of draft.identities.values()) {
    if (row === null) continue
    rows.push({
      table: 'identities',
      key: KEYS.identity.bound([row.identity], 0),
      value: encodeIdentity(out, row),
    })
  }
  for (const row of draft.links.values()) {
    if (row === null) continue
    const { number, visit, identity, position } = row
    rows.push({
      table: 'links',
      key: KEYS.link.bound([number, visit, identity], 0),
      value: encodeLink(out, row),
    })
    rows.push({
      table: 'linksOf',
      key: KEYS.linkOf.bound([identity, position, number, visit], 0),
      value: NOTHING,
    })
  }
  for (const row of draft.contacts.values()) {
    if (row === null) continue
    const { position, n } = row
    const ofIdentity = KEYS.contactOf.bound([OF_IDENTITY, row.identity, position, n], 0)
    const ofVisitor = KEYS.contactOf.bound([OF_VISITOR, row.number, position, n], 0)
    rows.push({
      table: 'contacts',
      key: KEYS.contact.bound([position, n], 0),
      value: encodeContact(out, row),
    })
    rows.push({ table: 'contactsOf', key: ofIdentity, value: NOTHING })
    rows.push({ table: 'contactsOf', key: ofVisitor, value: NOTHING })
  }
  for (const row of draft.changes) {
    rows.push({
      table: 'changes',
      key: KEYS.change.bound([row.position, row.n], 0),
      value: encodeChange(out, row),
    })
  }
  for (const [userAgentId, text] of draft.userAgents) {
    out.begin()
    out.text(text)
    rows.push({ table: 'userAgents', key: idKey(userAgentId), value: out.end() })
  }
  return rows
}

/** What rules look up, and how they did. */
function ruleRows(out: Writer, draft: DraftRows): RowPut[] {
  const rows: RowPut[] = []
  for (const { row, isGone } of draft.addresses.values()) {
    rows.push({ table: 'addresses', key: addressKey(row), value: isGone ? null : NOTHING })
  }
  for (const row of draft.scores.values()) {
    rows.push({ table: 'scores', key: scoreKey(row.rule, row.version), value: encodeScore(out, row) })
  }
  return rows
}

/** A token is fresh until its visitor says something: fresh ones are forgotten cheaply, oldest first. */
function tokenRows(out: Writer, draft: DraftRows): RowPut[] {
  const rows: RowPut[] = []
  for (const row of draft.tokens.values()) {
    const replaced = draft.below.token(row.globalVisitID)
    if (replaced !== null) rows.push({ table: 'freshTokens', key: freshKey(replaced), value: null })
    rows.push({ table: 'tokens', key: idKey(row.globalVisitID), value: encodeToken(out, row) })
    if (saysSomething(draft, row.globalVisitID)) continue
    rows.push({ table: 'freshTokens', key: freshKey(row), value: encodeId(out, row.globalVisitID) })
  }
  for (const [globalVisitID, number] of draft.visitorNumbers) {
    const token = draft.visitors.has(number) ? draft.below.token(globalVisitID) : null
    if (token !== null) rows.push({ table: 'freshTokens', key: freshKey(token), value: null })
  }
  return rows
}

function saysSomething(draft: DraftRows, globalVisitID: string): boolean {
  const number = draft.visitorNumbers.get(globalVisitID)
  if (number === undefined) return draft.below.visitorNumber(globalVisitID) > 0
  // 0: it is erased by this draft, and its token goes with it.
  return number === 0 || draft.visitors.has(number)
}

function freshKey({ boundAt, globalVisitID }: TokenRow): Uint8Array {
  const key = Buffer.alloc(WIDTH.at)
  key.writeUIntBE(boundAt, 0, WIDTH.at)
  return Buffer.concat([key, idKey(globalVisitID)])
}

function encodeNumber(out: Writer, number: number): Uint8Array {
  out.begin()
  out.uint(number)
  return out.end()
}

function encodeId(out: Writer, id: string): Uint8Array {
  out.begin()
  out.id(id)
  return out.end()
}
