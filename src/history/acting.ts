/** What a handler changes things with: the visitors' one way in, the checks of the edge, and the browsers' sockets. */
import type { ErasedKind, ErasureRow } from '../store/erased.ts'
import type { NewEvent, Visitors } from '../visitors/contract.ts'

export interface Acting {
  readonly visitors: Pick<Visitors, 'record' | 'isFull'>
  readonly events: EventChecks
  readonly erasures: ErasureActs
  /** Tells all sockets of a visitor, and waits a little for what became of it. */
  readonly notify: (globalVisitID: string, message: Notification) => Promise<Notified>
}

/** Erasing somebody by their id; null where nobody is called so. */
export interface ErasureActs {
  readonly begin: (kind: ErasedKind, name: string) => Promise<ErasureRow | null>
  /** What would go, counted. */
  readonly survey: (kind: ErasedKind, name: string) => Promise<Readonly<Record<string, number>> | null>
}

/** The checks that a browser's event goes through, for one that comes with a key. */
export interface EventChecks {
  toEvent(
    value: unknown,
    userAgent: string | undefined,
  ):
    | { readonly ok: true; readonly event: NewEvent }
    | { readonly ok: false; readonly code: string; readonly message: string }
  /** E8: the id as it is kept, or null where it names nobody. */
  identityIdOf(value: unknown): string | null
}

export interface Notification {
  /** The browser's id of the page it is for; without it every tab takes it. */
  readonly page?: string
  readonly channel: string
  readonly data: unknown
}

export interface Notified {
  /** What the browsers call it. */
  readonly id: string
  /** Sockets it was sent to. */
  readonly delivered: number
  /** Tabs in which a handler took it. */
  readonly handled: number
  /** The best that became of it: handled, noHandler, notThisPage, unanswered. */
  readonly outcome: string
}
