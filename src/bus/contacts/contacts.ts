/**
 * Finds the contact of every person who has none: after commits, never on the path of an ack. The answer comes back
 * through `record`, as an entry of a visitor who is linked to the person.
 */
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Config } from '../../config.ts'
import type { Store } from '../../store/contract.ts'
import type { IdentityRow } from '../../store/rows.ts'
import type { Committed, Visitors } from '../../visitors/contract.ts'
import type { Bus } from '../bus.ts'
import { type BusLog, reasonOf } from '../log.ts'
import { createResolver } from './resolvers.ts'
import { createWaitingRoom } from './waiting.ts'

export interface ContactsParts {
  readonly store: Pick<Store, 'identities' | 'identity' | 'identityNumber' | 'linksOfIdentity' | 'visitor'>
  readonly visitors: Pick<Visitors, 'record' | 'onCommitted' | 'isFull' | 'whenRoom'>
  /** Null where there is no NATS. */
  readonly bus: Pick<Bus, 'request'> | null
  readonly config: Config
  readonly log: BusLog
  /** The first wait after a failure; doubled each time. */
  readonly retryFirstMs?: number
}

export interface Contacts {
  /** People who wait for their contact, or are being asked about. */
  readonly waiting: () => number
  /** Ends when what was asked is answered, or its time is over. */
  readonly close: () => Promise<void>
}

/** People in memory at once; more are found again on disk. */
const WAITING_MAX = 1_000
const AT_ONCE = 16
const SLICE_ROWS = 200
const RETRY_FIRST_MS = 1_000
/** Those for whom nothing helped are asked about again after this. */
const SCAN_AGAIN_MS = 60 * 60_000
const COMPLAIN_EVERY_MS = 60_000

/** Begins to ask: also about those who were left without a contact before. Throws `ConfigError`. */
export function startContacts(parts: ContactsParts): Contacts {
  const { store, visitors, bus, config, log, retryFirstMs = RETRY_FIRST_MS } = parts
  const resolve = createResolver({ config, bus })
  const closing = new AbortController()
  /** Who was named by commits and is not looked at yet. */
  const named = new Set<string>()
  let complainedMs = Number.NEGATIVE_INFINITY
  let scanning: Promise<void> = Promise.resolve()
  let later: NodeJS.Timeout | undefined

  const room = createWaitingRoom({
    ...{ most: WAITING_MAX, atOnce: AT_ONCE, retryFirstMs },
    perform: link,
    failed(error, hasGivenUp) {
      // Whoever leaves undone stands on disk, and is found there again.
      if (hasGivenUp) later ??= setTimeout(lookAgain, SCAN_AGAIN_MS).unref()
      const clockMs = performance.now()
      if (clockMs < complainedMs + COMPLAIN_EVERY_MS) return
      complainedMs = clockMs
      log.warn({ resolver: config.contactsResolver, reason: reasonOf(error) }, 'a contact is not found yet')
    },
    emptied: lookAgain,
  })

  /** Asks for one person's contact and keeps the answer. */
  async function link(identity: number): Promise<void> {
    const person = withoutContact(identity)
    const globalVisitID = person && visitorOf(identity)
    if (person === null || globalVisitID === null) return
    const { identityId } = person
    const { contactId, attributes, isCut } = await resolve({ identityId, profile: profileOf(person) })
    if (isCut) log.warn({}, 'the attributes of a contact are over 4 KiB and are left out')
    if (visitors.isFull()) await visitors.whenRoom()
    // The answer took its time: the person may have been erased meanwhile.
    if (withoutContact(identity) === null) return
    await visitors.record(globalVisitID, [{ type: 'contact.linked', identityId, contactId, attributes }])
  }

  function withoutContact(identity: number): IdentityRow | null {
    const person = store.identity(identity)
    return person !== null && person.contactId === null ? person : null
  }

  /** Whose stream the answer goes into: who was linked to the person last; null where nobody is. */
  function visitorOf(identity: number): string | null {
    const [link] = store.linksOfIdentity(identity, { limit: 1, reverse: true })
    return link === undefined ? null : (store.visitor(link.number)?.globalVisitID ?? null)
  }

  /** Only names are noted before the acks go out; they are looked at in a turn of their own. */
  function hear({ changes }: Committed): void {
    for (const { kind, data } of changes) {
      if (kind !== 'identity' || typeof data.identityId !== 'string') continue
      if (named.size === 0) setImmediate(lookAtNamed)
      named.add(data.identityId)
    }
  }

  function lookAtNamed(): void {
    if (closing.signal.aborted) return
    try {
      for (const identityId of named) {
        const identity = store.identityNumber(identityId)
        if (withoutContact(identity) !== null) room.add(identity)
      }
    } catch (error) {
      cannotLook(error)
    }
    named.clear()
  }

  function lookAgain(): void {
    clearTimeout(later)
    later = undefined
    scanning = scanning.then(scan).catch(cannotLook)
  }

  function cannotLook(error: unknown): void {
    log.warn({ reason: reasonOf(error) }, 'people without a contact cannot be looked for')
  }

  async function scan(): Promise<void> {
    for (let from = 1; !closing.signal.aborted; await nextTurn()) {
      const people = store.identities({ from, limit: SLICE_ROWS })
      const waiting = people.filter(
        ({ contactId, identity }) => contactId === null && visitorOf(identity) !== null,
      )
      // Where there is no room for one, the room tells when it is empty.
      if (!waiting.every(({ identity }) => room.add(identity))) return
      const last = people.at(-1)
      if (last === undefined || people.length < SLICE_ROWS) return
      from = last.identity + 1
    }
  }

  const stopListening = visitors.onCommitted(hear)
  lookAgain()

  return {
    waiting: room.count,
    async close() {
      closing.abort()
      stopListening()
      await scanning
      await room.close()
      clearTimeout(later)
    },
  }
}

/** Key and value: who said it, and when, is our own affair. */
function profileOf({ profile }: IdentityRow): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(profile).map(([key, { value }]) => [key, value]))
}
