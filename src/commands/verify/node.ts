/** What belongs to the node, not to one visitor: commits, changes, people, and that no table has a row of nobody. */
import { visitNameHash } from '../../store/fading.ts'
import type { Retained } from '../../store/retained.ts'
import { type ChangeRow, type CommitRow, isStoredEvent, type StoredEntry } from '../../store/rows.ts'
import { ADDRESS_KINDS, normalAddress } from '../../visitors/addresses.ts'
import { type Checks, createChecks } from './findings.ts'
import type { Proof, Tally } from './proof.ts'
import { commitsOf, identitiesOf, rowsOf } from './reading.ts'
import { isTold } from './told-changes.ts'

/** Proves it against what the streams told in all. */
export function proveNode(proof: Proof, tally: Tally): { readonly identities: number } {
  const checks = createChecks(0, proof.tell)
  proveCommits(proof, checks, tally)
  proveChanges(proof, checks, tally)
  // Q12: what a rule scored at a device that was erased is told nowhere any more.
  if (hasErasedDevices(proof.store)) proof.scores.lose()
  proof.scores.prove(proof.store, checks)
  const people = proveIdentities(proof, checks)
  proveCounts(proof, checks, { ...tally, ...people })
  return { identities: people.identities }
}

/** E4: positions run from the first that is kept, and each stretch names its entries. */
function proveCommits({ store, firstCommit, retained }: Proof, checks: Checks, tally: Tally): void {
  let [position, at, entries, chunks] = [firstCommit, 0, 0, 0]
  const missing = createMissing({ store, retained })
  checks.holds('no commit is gone but what is too old', firstCommit <= Math.max(1, retained.position))
  for (const commit of commitsOf(store)) {
    checks.same(`position of the commit after ${position - 1}`, commit.position, position)
    checks.holds(`the time of commit ${commit.position} is not before the one before`, commit.at >= at)
    position = commit.position
    at = commit.at
    for (const { number, firstSeq, count, contents } of commit.stretches) {
      // Q12: what was erased, or too old, has left its positions, and no entries.
      if (missing(commit, { number, lastSeq: firstSeq + count - 1 })) {
        position += count
        continue
      }
      const span = { from: firstSeq, to: firstSeq + count - 1, limit: count }
      const named = store.entries(number, span)
      const what = `commit ${commit.position}, stretch of visitor ${number} from ${firstSeq}`
      const first = position
      checks.same(`${what}: entries`, named.length, count)
      checks.holds(
        `${what}: their positions`,
        named.every((entry, index) => entry.position === first + index),
      )
      checks.holds(
        `${what}: their times`,
        named.every((entry) => entry.at <= commit.at),
      )
      checks.same(
        `${what}: contents`,
        contents,
        named.reduce((bits, entry) => bits | contentsOf(entry), 0),
      )
      position += count
      entries += count
      chunks += 1
    }
  }
  checks.same('position of the last commit', store.lastPosition(), position - 1)
  checks.same('entries in commits', entries, tally.committed)
  // A stretch is a chunk of its stream; where older commits are gone, the visitors' own are counted.
  checks.same('rows of stream', store.rowCount('stream'), firstCommit <= 1 ? chunks : tally.chunks)
}

/** Whether entries of a stretch may be gone: its device was erased, or retention came so far. */
function createMissing({ store, retained }: Pick<Proof, 'store' | 'retained'>) {
  const isErased = hasErasedDevices(store)
  const limit = Math.max(retained.position, retained.shortPosition)
  return (
    { position }: CommitRow,
    { number, lastSeq }: { readonly number: number; readonly lastSeq: number },
  ): boolean => {
    if (!isErased && position >= limit) return false
    const row = store.visitor(number)
    if (row === null) return true
    return position < limit && lastSeq < row.keptFrom
  }
}

/** What a stretch says is in it: 1 BUSINESS, 2 SYSTEM, 4 what says who it is, 8 anything else. */
function contentsOf(entry: StoredEntry): number {
  if (!isStoredEvent(entry)) return 8
  const { eventType, eventName } = entry.words
  if (eventType === 'BUSINESS') return 1
  return ['SignIn', 'SignOut', 'UserInfo'].includes(eventName) ? 6 : 2
}

/** Each change is of an entry: their visitors told of so many. */
function proveChanges({ store, changesDropped, retained }: Proof, checks: Checks, tally: Tally): void {
  let count = 0
  for (const change of rowsOf(store.changes, ({ position }) => position)) {
    if (change.position > changesDropped && isTold(change.kind) && hasEntry(store, retained, change))
      count += 1
  }
  checks.same('rows of changes', count, tally.changes)
}

/** A change is kept until it was published, also where its entry grew too old. */
function hasEntry(store: Proof['store'], retained: Retained, { position, number, seq }: ChangeRow): boolean {
  if (position >= Math.max(retained.position, retained.shortPosition)) return true
  const row = store.visitor(number)
  return row !== null && seq >= row.keptFrom
}

interface People {
  readonly identities: number
  readonly addresses: number
}

function proveIdentities({ store }: Proof, checks: Checks): People {
  let [identities, addresses] = [0, 0]
  for (const { identity, identityId, profile } of identitiesOf(store)) {
    checks.same(`identity ${identity}: number of its id`, store.identityNumber(identityId), identity)
    identities += 1
    for (const kind of ADDRESS_KINDS) {
      const value = normalAddress(kind, profile[kind]?.value)
      if (value === null) continue
      const found = store.identitiesAt(kind, value, Number.POSITIVE_INFINITY)
      checks.holds(`identity ${identity}: found by its ${kind}`, found.includes(identity))
      addresses += 1
    }
  }
  return { identities, addresses }
}

/** No row of nobody: every table has as many rows as the streams tell of. */
function proveCounts({ store, aliases, userAgents }: Proof, checks: Checks, tally: Tally & People): void {
  const { visitors, identities, links, contacts } = tally
  const expected: Readonly<Record<string, number>> = {
    visitors,
    visitorNumbers: visitors,
    names: tally.names + countFading({ store, aliases }, checks),
    bases: tally.bases,
    visits: tally.visits,
    userAgents: userAgents.size,
    userAgentUses: tally.browsers,
    sessions: tally.sessions,
    pages: tally.pages,
    links,
    linksOf: links,
    contacts,
    contactsOf: 2 * contacts,
    identities,
    identityNumbers: identities,
    addresses: tally.addresses,
    deadlines: tally.armed,
    connected: tally.connected,
    openVisits: tally.open,
  }
  checks.same('eventIDs remembered', store.seenCount(), tally.events + tally.seenBefore)
  for (const [table, count] of Object.entries(expected)) {
    checks.same(`rows of ${table}`, store.rowCount(table), count)
  }
}

/** E9: names of visits that are gone stay for a while, hashed; no stream tells of them. */
function countFading({ store, aliases }: Pick<Proof, 'store' | 'aliases'>, checks: Checks): number {
  const hashes = new Set<string>()
  for (const { what, name, number, before } of store.fading(
    Number.MAX_SAFE_INTEGER,
    Number.MAX_SAFE_INTEGER,
  )) {
    if (what === 'name') hashes.add(name)
    const isAhead = before > (store.visitor(number)?.keptFrom ?? before)
    checks.holds(`what fades of visitor ${number} lies before what is kept`, !isAhead)
  }
  return [...hashes].filter((hash) => {
    if (aliases.has(hash)) return false
    const named = store.nameOf(hash)
    const visit = named && store.visit(named.number, named.visit)
    return named !== null && (visit === null || visitNameHash(visit.visitId) !== hash)
  }).length
}

function hasErasedDevices(store: Proof['store']): boolean {
  return store.erasures().some(({ kind }) => kind === 'device')
}
