// Rows shared by many visitors, or about the node: identities, contacts, changes, commits, tokens, scores, bases.
import type { Reader, Writer } from './bytes.ts'
import type {
  BaseRow,
  ChangeKind,
  ChangeRow,
  CommitRow,
  CommitStretch,
  ContactRow,
  IdentityRow,
  ProfileValue,
  ScoreRow,
  TokenRow,
} from './rows.ts'

export function encodeIdentity(out: Writer, row: IdentityRow): Uint8Array {
  out.begin()
  out.text(row.identityId)
  out.uint(row.position)
  out.near(row.firstSeen, 0)
  out.near(row.lastSeen, row.firstSeen)
  out.text(row.contactId)
  out.byte(row.contact === null ? 0 : 1)
  if (row.contact !== null) out.data(row.contact)
  const profile = Object.entries(row.profile)
  out.uint(profile.length)
  for (const [key, { value, globalVisitID, position, proven }] of profile) {
    out.text(key)
    out.data(value)
    out.id(globalVisitID)
    out.uint(position)
    out.byte(proven ? 1 : 0)
  }
  return out.end()
}

export function decodeIdentity(from: Reader, identity: number): IdentityRow {
  const identityId = from.text() ?? ''
  const position = from.uint()
  const firstSeen = from.near(0)
  const lastSeen = from.near(firstSeen)
  const contactId = from.text()
  const contact = from.byte() === 0 ? null : plainData(from)
  const profile = Array.from({ length: from.uint() }, (): readonly [string, ProfileValue] => [
    from.text() ?? '',
    { value: from.data(), globalVisitID: from.id(), position: from.uint(), proven: from.byte() === 1 },
  ])
  // fromEntries defines own keys, so that a profile's `__proto__` is a key like any other.
  return {
    identity,
    identityId,
    position,
    firstSeen,
    lastSeen,
    profile: Object.fromEntries(profile),
    contactId,
    contact,
  }
}

export function encodeContact(out: Writer, row: ContactRow): Uint8Array {
  out.begin()
  out.uint(row.number)
  out.uint(row.seq)
  out.uint(row.identity)
  out.uint(row.visit)
  out.uint(row.session)
  out.text(row.scope)
  out.text(row.how)
  out.near(row.at, 0)
  out.near(row.retractedAt, 0)
  return out.end()
}

export function decodeContact(from: Reader, position: number, n: number): ContactRow {
  return {
    position,
    n,
    number: from.uint(),
    seq: from.uint(),
    identity: from.uint(),
    visit: from.uint(),
    session: from.uint(),
    scope: from.text() ?? '',
    how: from.text() ?? '',
    at: from.near(0),
    retractedAt: from.near(0),
  }
}

const CHANGE_KINDS: readonly ChangeKind[] = ['identity', 'visit', 'event', 'lease', 'notify']

export function encodeChange(out: Writer, row: ChangeRow): Uint8Array {
  out.begin()
  out.near(row.at, 0)
  out.uint(row.number)
  out.id(row.globalVisitID)
  out.uint(row.seq)
  out.byte(CHANGE_KINDS.indexOf(row.kind))
  out.text(row.name)
  out.data(row.data)
  return out.end()
}

export function decodeChange(from: Reader, position: number, n: number): ChangeRow {
  return {
    position,
    n,
    at: from.near(0),
    number: from.uint(),
    globalVisitID: from.id(),
    seq: from.uint(),
    kind: CHANGE_KINDS[from.byte()] ?? 'event',
    name: from.text() ?? '',
    data: plainData(from),
  }
}

/** The time of an encoded change, which stands first. */
export function changeAt(from: Reader): number {
  return from.near(0)
}

/** The stretches in the order of their positions, which run through them from the commit's own. */
export function encodeCommit(out: Writer, row: CommitRow): Uint8Array {
  out.begin()
  out.near(row.at, 0)
  out.uint(row.stretches.reduce((sum, { count }) => sum + count, 0))
  out.uint(row.stretches.length)
  let before = 0
  for (const { number, firstSeq, count, contents } of row.stretches) {
    out.near(number, before)
    out.uint(firstSeq)
    // One event in a stretch, the most frequent thing, takes one byte for both.
    out.uint(count * 16 + contents)
    before = number
  }
  return out.end()
}

export function decodeCommit(from: Reader, position: number): CommitRow {
  const at = from.near(0)
  from.uint()
  let before = 0
  const stretches = Array.from({ length: from.uint() }, (): CommitStretch => {
    const number = from.near(before)
    const firstSeq = from.uint()
    const both = from.uint()
    before = number
    return { number, firstSeq, count: Math.floor(both / 16), contents: both % 16 }
  })
  return { position, at, stretches }
}

/** The time of an encoded commit and how many positions it takes. */
export function commitExtent(from: Reader): { readonly at: number; readonly count: number } {
  return { at: from.near(0), count: from.uint() }
}

export function encodeToken(out: Writer, row: TokenRow): Uint8Array {
  out.begin()
  out.near(row.boundAt, 0)
  out.bytes(row.hash)
  return out.end()
}

export function decodeToken(from: Reader, globalVisitID: string): TokenRow {
  return { globalVisitID, boundAt: from.near(0), hash: from.bytes() }
}

export function encodeScore(out: Writer, row: ScoreRow): Uint8Array {
  out.begin()
  out.text(row.rule)
  out.uint(row.version)
  out.uint(row.position)
  out.uint(row.made)
  out.uint(row.hits)
  out.uint(row.misses)
  return out.end()
}

export function decodeScore(from: Reader): ScoreRow {
  return {
    rule: from.text() ?? '',
    version: from.uint(),
    position: from.uint(),
    made: from.uint(),
    hits: from.uint(),
    misses: from.uint(),
  }
}

export function encodeBase(out: Writer, row: BaseRow): Uint8Array {
  out.begin()
  out.uint(row.machineVersion)
  out.data(row.snapshot)
  return out.end()
}

export function decodeBase(from: Reader, number: number, seq: number): BaseRow {
  return { number, seq, machineVersion: from.uint(), snapshot: from.data() }
}

/** The boundary to untyped bytes: these fields are written as objects only. */
function plainData(from: Reader): Readonly<Record<string, unknown>> {
  return from.data() as Readonly<Record<string, unknown>>
}
