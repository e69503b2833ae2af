/** `vestibule person`: all that is kept of one person, as lines of JSON: what they may ask for. */
import { once } from 'node:events'
import { parseArgs } from 'node:util'
import { OPTIONS } from '../config.ts'
import { type Guest, openGuest } from '../store/guest.ts'
import { type IdentityRow, isStoredEvent, type LinkRow, type StoredEntry } from '../store/rows.ts'

const HELP = `usage: vestibule person ID [--data FOLDER]

Writes all that is kept of the person with this identityId, one JSON object a line, each with its kind: person, visit,
session, page, contact, entry. It reads beside a running server.

  --data FOLDER   the data folder; else ${OPTIONS.data.key}, else ${OPTIONS.data.fallback}

exit code: 0 written, 1 nobody is called so, 2 it could not look
`

/** Rows read at a time, with a new look at the folder after each. */
const STRIDE = 500

/** Writes the lines; the exit code. */
export async function person(args: readonly string[]): Promise<number> {
  try {
    const options = { data: { type: 'string' }, help: { type: 'boolean' } } as const
    const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true })
    const [identityId] = positionals
    if (values.help === true || identityId === undefined) {
      process.stdout.write(HELP)
      return values.help === true ? 0 : 2
    }
    const guest = openGuest(values.data || process.env[OPTIONS.data.key] || OPTIONS.data.fallback)
    try {
      return await write(guest, identityId)
    } finally {
      await guest.close()
    }
  } catch (error) {
    if (!(error instanceof Error)) throw error
    process.stderr.write(`vestibule person: ${error.message}\n`)
    return 2
  }
}

async function write(guest: Guest, identityId: string): Promise<number> {
  const row = guest.identity(guest.identityNumber(identityId.normalize('NFC').trim()))
  if (row === null) {
    process.stderr.write('vestibule person: nobody is called so\n')
    return 1
  }
  for (const line of linesOf(guest, row)) {
    if (!process.stdout.write(`${JSON.stringify(line)}\n`)) await once(process.stdout, 'drain')
  }
  return 0
}

/** The person, then everything visit by visit, then how they were linked. */
export function* linesOf(guest: Guest, row: IdentityRow): Generator<object> {
  const { identity, identityId, firstSeen, lastSeen, profile, contactId, contact } = row
  yield { kind: 'person', identityId, firstSeen, lastSeen, profile, contactId, contact }
  for (const link of linksOf(guest, identity)) yield* visitLines(guest, link)
  for (let from = 0; ; ) {
    const rows = guest.contactsOfIdentity(identity, { from, limit: STRIDE })
    for (const { at, how, scope, retractedAt } of rows) yield { kind: 'contact', at, how, scope, retractedAt }
    const last = rows.at(-1)
    if (last === undefined || rows.length < STRIDE) return
    from = last.position + 1
  }
}

function* linksOf(guest: Guest, identity: number): Generator<LinkRow> {
  for (let from = 0; ; ) {
    const links = guest.linksOfIdentity(identity, { from, limit: STRIDE })
    yield* links
    const last = links.at(-1)
    if (last === undefined || links.length < STRIDE) return
    from = last.position + 1
    guest.refresh()
  }
}

function* visitLines(guest: Guest, link: LinkRow): Generator<object> {
  const { number, visit: ordinal, identity, association } = link
  const visit = guest.visit(number, ordinal)
  const globalVisitID = guest.visitor(number)?.globalVisitID
  if (visit === null || globalVisitID === undefined) return
  const { visitId, startDate, endDate } = visit
  yield { kind: 'visit', globalVisitID, visitId, startDate, endDate, association }
  for (const session of guest.sessions(number, ordinal, { limit: Number.POSITIVE_INFINITY })) {
    if (session.identity !== identity) continue
    const { sessionId, startDate: signedInAt, endDate: signedOutAt, reason } = session
    yield { kind: 'session', visitId, sessionId, startDate: signedInAt, endDate: signedOutAt, reason }
  }
  for (const page of guest.pages(number, ordinal, { limit: Number.POSITIVE_INFINITY })) {
    if (page.identity !== identity) continue
    const {
      number: _number,
      visit: _visit,
      ordinal: _ordinal,
      identity: _identity,
      ranges: _ranges,
      ...told
    } = page
    yield { kind: 'page', visitId, ...told }
  }
  for (const entry of entriesOf(guest, link)) yield { kind: 'entry', visitId, ...entryLine(entry) }
}

function* entriesOf(guest: Guest, { number, visit, identity, ranges }: LinkRow): Generator<StoredEntry> {
  for (const [first, last] of ranges) {
    const to = last === 0 ? Number.MAX_SAFE_INTEGER : last
    for (let from = first; from <= to; ) {
      const entries = guest.entries(number, { from, to, limit: STRIDE })
      yield* entries.filter((entry) => entry.visit === visit && entry.identity === identity)
      const end = entries.at(-1)
      if (end === undefined || entries.length < STRIDE) break
      from = end.seq + 1
      guest.refresh()
    }
  }
}

function entryLine(entry: StoredEntry): object {
  const { seq, at } = entry
  if (!isStoredEvent(entry)) return { seq, at, type: entry.kind, payload: entry.payload }
  return { seq, at, type: 'event', occurredAt: entry.occurredAt, ...entry.words }
}
