/** What a commit of the store in memory puts: the rows of a draft, and every index that leads to them. */
import type { DraftRows, DraftVisitor } from '../../src/store/draft.ts'
import { StaleCommit } from '../../src/store/errors.ts'
import type { CommitRow, CommitStretch, StoredEntry, TokenRow, VisitorRow } from '../../src/store/rows.ts'
import { isStoredEvent } from '../../src/store/rows.ts'
import { keyOf, type MemoryDisk, type MemoryPuts } from './memory-disk.ts'
import { putHiding, removeVisitor } from './memory-erasing.ts'

interface Committing {
  readonly rows: DraftRows
  readonly commit: CommitRow
}

/** Puts all of it. Throws `StaleCommit` at a fence. */
export function putDraft(disk: MemoryDisk, puts: MemoryPuts, { rows, commit }: Committing): void {
  for (const visitor of rows.visitors.values()) putVisitor(disk, puts, visitor)
  for (const { number, entries } of rows.stretches) {
    puts.put('stream', keyOf(number, entries[0]?.seq ?? 0), entries)
    for (const entry of entries) {
      if (isStoredEvent(entry)) puts.put('seen', keyOf(number, entry.words.eventID), entry.seq)
    }
  }
  putPlaces(puts, rows)
  putPeople(puts, rows)
  putTokens(puts, rows)
  putHiding(disk, puts, rows)
  for (const row of rows.changes) puts.put('changes', keyOf(row.position, row.n), row)
  if (commit.stretches.length > 0) puts.put('commits', keyOf(commit.position), commit)
}

/** One for each chunk. Throws where the entries do not follow one another: a fault of whoever made the draft. */
export function stretchesOf({ visitors, stretches }: DraftRows): readonly CommitStretch[] {
  for (const { row, previousSeq, entries } of visitors.values()) {
    if (previousSeq + entries.length !== row.seq) throw gap('seq', row.number)
  }
  let position = stretches[0]?.entries[0]?.position ?? 0
  return stretches.map(({ number, entries }) => {
    for (const entry of entries) {
      if (entry.position !== position) throw gap('position', number)
      position += 1
    }
    const contents = entries.reduce((bits, entry) => bits | contentsOf(entry), 0)
    return { number, firstSeq: entries[0]?.seq ?? 0, count: entries.length, contents }
  })
}

function gap(what: string, number: number): Error {
  return new Error(`the entries of visitor ${number} do not follow one another by ${what}`)
}

function contentsOf(entry: StoredEntry): number {
  if (!isStoredEvent(entry)) return 8
  const { eventType, eventName } = entry.words
  if (eventType === 'BUSINESS') return 1
  return ['SignIn', 'SignOut', 'UserInfo'].includes(eventName) ? 6 : 2
}

function putVisitor(disk: MemoryDisk, puts: MemoryPuts, { row, previousSeq, isGone }: DraftVisitor): void {
  const { number, armedAt, connected } = row
  const stored = disk.table('visitors').get(keyOf(number)) as VisitorRow | undefined
  if ((stored?.seq ?? 0) !== previousSeq) {
    throw new StaleCommit(`visitor ${number} stands at seq ${stored?.seq ?? 0}, not ${previousSeq}`)
  }
  if (isGone === true) return stored && removeVisitor(puts, stored)
  puts.put('visitors', keyOf(number), row)
  const before = stored?.armedAt ?? 0
  if (armedAt !== before) {
    if (before !== 0) puts.remove('deadlines', keyOf(before, number))
    if (armedAt !== 0) puts.put('deadlines', keyOf(armedAt, number), null)
  }
  const wasConnected = (stored?.connected ?? 0) !== 0
  if (connected !== 0 && !wasConnected) puts.put('connected', keyOf(number), null)
  if (connected === 0 && wasConnected) puts.remove('connected', keyOf(number))
}

/** Without those that go. */
function kept<Row>(rows: ReadonlyMap<string, Row | null>): readonly Row[] {
  return [...rows.values()].filter((row) => row !== null)
}

function putPlaces(puts: MemoryPuts, rows: DraftRows): void {
  for (const [globalVisitID, number] of rows.visitorNumbers) {
    if (number !== 0 && rows.visitors.has(number)) puts.put('visitorNumbers', keyOf(globalVisitID), number)
  }
  for (const row of rows.bases) puts.put('bases', keyOf(row.number, row.seq), row)
  for (const row of kept(rows.visits)) {
    const key = keyOf(row.number, row.ordinal)
    puts.put('visits', key, row)
    if (row.endDate === 0) puts.put('openVisits', key, null)
    else puts.remove('openVisits', key)
    const { userAgentId } = row
    if (userAgentId !== null && rows.userAgents.has(userAgentId))
      puts.put('userAgentUses', keyOf(userAgentId, row.number, row.ordinal), null)
  }
  for (const row of kept(rows.sessions)) {
    puts.put('sessions', keyOf(row.number, row.visit, row.ordinal), row)
  }
  for (const row of kept(rows.pages)) puts.put('pages', keyOf(row.number, row.visit, row.ordinal), row)
  for (const row of kept(rows.names)) puts.put('names', keyOf(row.kind, row.name), row)
  for (const [userAgentId, text] of rows.userAgents) puts.put('userAgents', keyOf(userAgentId), text)
}

function putPeople(puts: MemoryPuts, rows: DraftRows): void {
  for (const [identityId, identity] of rows.identityNumbers) {
    if (identity !== 0 && rows.identities.has(identity))
      puts.put('identityNumbers', keyOf(identityId), identity)
  }
  for (const [identity, row] of rows.identities) {
    if (row !== null) puts.put('identities', keyOf(identity), row)
  }
  for (const row of kept(rows.links)) {
    const { number, visit, identity, position } = row
    puts.put('links', keyOf(number, visit, identity), row)
    puts.put('linksOf', keyOf(identity, position, number, visit), null)
  }
  for (const row of kept(rows.contacts)) {
    const { position, n, identity, number } = row
    puts.put('contacts', keyOf(position, n), row)
    puts.put('contactsOf', keyOf(0, identity, position, n), null)
    puts.put('contactsOf', keyOf(1, number, position, n), null)
  }
  for (const { row, isGone } of rows.addresses.values()) {
    const key = keyOf(row.kind, row.value, row.identity)
    if (isGone) puts.remove('addresses', key)
    else puts.put('addresses', key, null)
  }
  for (const row of rows.scores.values()) puts.put('scores', keyOf(row.version, row.rule), row)
}

/** A token is fresh until its visitor says something. */
function putTokens(puts: MemoryPuts, rows: DraftRows): void {
  const fresh = ({ boundAt, globalVisitID }: TokenRow): string => keyOf(boundAt, globalVisitID)
  for (const row of rows.tokens.values()) {
    const { globalVisitID } = row
    const replaced = rows.below.token(globalVisitID)
    if (replaced !== null) puts.remove('freshTokens', fresh(replaced))
    puts.put('tokens', keyOf(globalVisitID), row)
    const number = rows.visitorNumbers.get(globalVisitID)
    const speaks =
      number === undefined
        ? rows.below.visitorNumber(globalVisitID) > 0
        : number === 0 || rows.visitors.has(number)
    if (!speaks) puts.put('freshTokens', fresh(row), globalVisitID)
  }
  for (const [globalVisitID, number] of rows.visitorNumbers) {
    const token = rows.visitors.has(number) ? rows.below.token(globalVisitID) : null
    if (token !== null) puts.remove('freshTokens', fresh(token))
  }
}
