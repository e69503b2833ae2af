/** Events that come with a key: filled in, checked like a browser's, and recorded through the same actor. */
import { randomUUID } from 'node:crypto'
import { isStoredEvent, type StoredEvent } from '../store/rows.ts'
import type { EventRejection } from '../visitors/contract.ts'
import { findVisitor } from './named.ts'
import { recordAll } from './operation.ts'
import { conflict, Problem, wrongParameter } from './problem.ts'
import type { Reading } from './reading.ts'
import type { Asked } from './route.ts'

/** What a caller says of an event; what is missing is filled in. */
export type Said = Readonly<Record<string, unknown>>

/** The event as it is to be recorded. */
export interface Posted {
  readonly globalVisitID: string
  readonly eventID: string
  /** The wire's fields, not checked yet. */
  readonly words: Said
  readonly userAgent?: string | undefined
}

/** Where an event lies that was recorded, now or by the same call before. */
export interface Placed {
  readonly number: number
  readonly entry: StoredEvent
  /** By this call, not by the same one before. */
  readonly fresh: boolean
}

/** Fields of the wire that a caller may give; whatever else is said of a SYSTEM event is data. */
const WORDS = ['pageID', 'timestamp', 'url', 'title', 'referrer', 'category', 'languageCode'] as const
/** Stands where no address is given: the wire must have one. */
const NO_URL = 'about:blank'

/** E1. The eventID: the header Idempotency-Key, or the body's; made here where there is neither. */
export function eventIdOf(said: Said, { idempotencyKey }: Pick<Asked, 'idempotencyKey'>): string {
  const { eventID } = said
  if (eventID !== undefined && typeof eventID !== 'string')
    throw wrongParameter('eventID', 'eventID must be a text')
  if (idempotencyKey !== undefined && eventID !== undefined && eventID !== idempotencyKey) {
    throw wrongParameter('eventID', 'eventID and the header Idempotency-Key must be the same')
  }
  return idempotencyKey ?? eventID ?? randomUUID()
}

/** The words of a SYSTEM event: what is no word of the wire is its data. `apart` is neither. */
export function systemWords(eventName: string, said: Said, apart: readonly string[]): Said {
  const names: readonly string[] = [...WORDS, ...apart, 'eventID', 'globalVisitID', 'data']
  const free = Object.entries(said).filter(([name]) => !names.includes(name))
  const { data } = said
  if (data !== undefined && (typeof data !== 'object' || data === null || Array.isArray(data))) {
    throw wrongParameter('data', 'data must be an object')
  }
  return { ...wordsIn(said), eventType: 'SYSTEM', eventName, data: { ...Object.fromEntries(free), ...data } }
}

/** The fields that the wire knows, of what was said. */
export function wordsIn(said: Said): Said {
  return Object.fromEntries(WORDS.flatMap((name) => (said[name] === undefined ? [] : [[name, said[name]]])))
}

/** Records it, exactly as if a browser had sent it. Throws a `Problem` where it is refused. */
export async function recordEvent(
  reading: Reading,
  { globalVisitID, eventID, words, userAgent }: Posted,
): Promise<Placed> {
  // The server fills what is missing; without a clock of a browser there is no timestamp (E5).
  const filled = { pageID: randomUUID(), timestamp: 0, url: NO_URL, ...words, eventID }
  const checked = reading.acting.events.toEvent(filled, userAgent)
  if (!checked.ok) throw refusedEvent(checked.code, checked.message)
  const [outcome] = await recordAll(reading, globalVisitID, [checked.event])
  if (outcome === undefined || outcome.is === 'rejected') {
    throw refusedEvent(outcome?.code ?? 'internal', outcome?.message ?? 'it was not recorded')
  }
  const number = findVisitor(reading, globalVisitID)
  const [entry] = reading.store.entries(number, { from: outcome.seq, to: outcome.seq, limit: 1 })
  const fresh = outcome.is === 'kept'
  if (
    entry === undefined ||
    !isStoredEvent(entry) ||
    entry.words.eventName !== checked.event.words.eventName
  ) {
    throw conflict('this Idempotency-Key was used for something else; take another', { reason: 'keyUsed' })
  }
  return { number, entry, fresh }
}

/** What was not recorded, as a refusal: `code` is the wire's. */
function refusedEvent(code: EventRejection | string, message: string): Problem {
  switch (code) {
    case 'too_large':
      return new Problem(413, message)
    case 'wrong_visitor':
    case 'withdrawn':
    case 'erased':
      return conflict(message, { reason: code })
    case 'internal':
      return new Problem(500, message)
    default: {
      // The checks name the field first: `eventName must be...`.
      const [parameter = ''] = message.split(' ', 1)
      return wrongParameter(parameter === 'eventID' ? 'Idempotency-Key' : parameter, message)
    }
  }
}
