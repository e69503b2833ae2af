/** What clients were told, and what must therefore be in the streams for ever: once, and in order. */
import type { Ack } from '../../protocol/messages.ts'
import { isStoredEvent, type StoredEntry } from '../../src/store/rows.ts'
import type { Said, Sent, Wire } from './browser.ts'

/** One rule broken: the message says which and with what. */
export class Broke extends Error {
  override readonly name = 'Broke'
}

export function must(holding: boolean, rule: string, what: () => string): void {
  if (!holding) throw new Broke(`${rule}: ${what()}`)
}

export interface Ledger {
  /** This event was sent so, how long after it was said; by which socket, -1 over HTTP. */
  readonly sent: (globalVisitID: string, sent: Sent, wire: Wire | null) => void
  /** These were acknowledged as kept. */
  readonly acknowledged: (globalVisitID: string, events: readonly Said[]) => void
  /** Something that was answered as kept, by its place. */
  readonly kept: (globalVisitID: string, seq: number, kind: string) => void
  /** The next entry of a visitor's stream. */
  readonly stored: (globalVisitID: string, entry: StoredEntry) => void
  /** The number of the one socket that said this, once; else -1. */
  readonly onlyBy: (globalVisitID: string, eventID: string) => number
  /** What was acknowledged and is nowhere. */
  readonly missing: () => readonly string[]
}

interface Sending {
  /** By which socket it was sent first, and its place there. */
  readonly wire: number
  readonly place: number
  readonly agesMs: Set<number>
  times: number
}

const WEEK_MS = 7 * 24 * 3_600_000

export function createLedger(): Ledger {
  const sendings = new Map<string, Sending>()
  const acknowledged = new Set<string>()
  const kept = new Map<string, string>()
  const seqs = new Map<string, number>()
  const kinds = new Map<string, string>()
  /** The last place on each socket whose event is stored. */
  const lastPlaces = new Map<number, number>()
  let places = 0

  function inOrder({ wire, place, times }: Sending, key: string): void {
    // Sent once: where it stands is that one socket's doing.
    if (wire === -1 || times > 1) return
    const last = lastPlaces.get(wire) ?? 0
    must(place > last, 'in order', () => `${key} stands behind one that was sent after it`)
    lastPlaces.set(wire, place)
  }

  return {
    sent(globalVisitID, { sentAt, events }, wire) {
      for (const { eventID, timestamp } of events) {
        places += 1
        const key = `${globalVisitID} ${eventID}`
        const sending = sendings.get(key) ?? {
          wire: wire?.number ?? -1,
          place: places,
          agesMs: new Set<number>(),
          times: 0,
        }
        sending.agesMs.add(Math.min(Math.max(0, sentAt - timestamp), WEEK_MS))
        sending.times += 1
        sendings.set(key, sending)
      }
    },
    acknowledged(globalVisitID, events) {
      for (const { eventID } of events) acknowledged.add(`${globalVisitID} ${eventID}`)
    },
    kept: (globalVisitID, seq, kind) => void kept.set(`${globalVisitID} ${seq}`, kind),
    stored(globalVisitID, entry) {
      kinds.set(`${globalVisitID} ${entry.seq}`, entry.kind)
      if (!isStoredEvent(entry)) return
      const key = `${globalVisitID} ${entry.words.eventID}`
      must(!seqs.has(key), 'E1', () => `${key} is applied twice, at ${seqs.get(key)} and ${entry.seq}`)
      seqs.set(key, entry.seq)
      const sending = sendings.get(key)
      if (sending === undefined) throw new Broke(`E1: ${key} was never said`)
      const ageMs = entry.at - entry.occurredAt
      must(
        sending.agesMs.has(ageMs),
        'E5',
        () => `${key} occurred ${ageMs} ms before it came, as nobody said`,
      )
      inOrder(sending, key)
    },
    onlyBy(globalVisitID, eventID) {
      const sending = sendings.get(`${globalVisitID} ${eventID}`)
      return sending === undefined || sending.times > 1 ? -1 : sending.wire
    },
    missing: () => [
      ...[...acknowledged].filter((key) => !seqs.has(key)).map((key) => `${key} was acknowledged`),
      ...[...kept]
        .filter(([key, kind]) => kinds.get(key) !== kind)
        .map(([key, kind]) => `${key}, ${kind}, was answered`),
    ],
  }
}

/** P4: acks come in the order of the batches, none is left out; the events that were kept. */
export function takeAck(wire: Wire, ack: Ack): readonly Said[] {
  const sent = wire.sent.shift()
  must(sent?.id === ack.id, 'P4', () => `batch ${ack.id} is acknowledged before ${sent?.id}`)
  const events = sent?.events ?? []
  const refused = new Set(ack.rejected.map(({ eventID }) => eventID))
  const count = ack.accepted + ack.duplicates + ack.rejected.length
  must(count === events.length, 'P4', () => `batch ${ack.id} of ${events.length} events is told of ${count}`)
  return events.filter(({ eventID }) => !refused.has(eventID))
}
