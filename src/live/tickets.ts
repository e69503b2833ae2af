/** Tickets to `/live` for browsers, whose EventSource sends no Authorization: good once, for a minute, for its filters. */
import { createHash, randomBytes } from 'node:crypto'
import type { Filters } from './filters.ts'

export const TICKET_MS = 60_000
/** Tickets that are not used yet; past it the oldest is void. */
export const TICKETS_MAX = 10_000

/** What a ticket lets in: whoever asked for it, to these filters. */
export interface Admitted<Who> {
  readonly who: Who
  readonly filters: Filters
}

export interface Tickets<Who> {
  /** A new ticket, and when it is over (epoch ms). */
  issue(admitted: Admitted<Who>): { readonly ticket: string; readonly expiresAt: number }
  /** What it lets in, once; null where it is none, is over, or was used. */
  redeem(ticket: string): Admitted<Who> | null
  /** Takes back those of whoever does not hold any more. */
  withdraw(holds: (who: Who) => boolean): void
}

export function createTickets<Who>(now: () => number): Tickets<Who> {
  // By digest, so that the time of a look-up tells nothing; in the order of their ends.
  const byDigest = new Map<string, Admitted<Who> & { readonly expiresAt: number }>()

  function dropOld(): void {
    for (const [digest, { expiresAt }] of byDigest) {
      if (expiresAt > now() && byDigest.size <= TICKETS_MAX) return
      byDigest.delete(digest)
    }
  }

  return {
    issue(admitted) {
      const ticket = randomBytes(32).toString('base64url')
      const expiresAt = now() + TICKET_MS
      byDigest.set(digestOf(ticket), { ...admitted, expiresAt })
      dropOld()
      return { ticket, expiresAt }
    },
    redeem(ticket) {
      const digest = digestOf(ticket)
      const found = byDigest.get(digest)
      byDigest.delete(digest)
      return found === undefined || found.expiresAt <= now() ? null : found
    },
    withdraw(holds) {
      for (const [digest, { who }] of byDigest) if (!holds(who)) byDigest.delete(digest)
    },
  }
}

function digestOf(ticket: string): string {
  return createHash('sha256').update(ticket).digest('base64')
}
