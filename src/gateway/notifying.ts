/** Notifications on their way: sent to a visitor's sockets, and a short wait for what became of them. */
import { randomUUID } from 'node:crypto'
import type { Notified, NotifiedOutcome, Notify } from '../../protocol/messages.ts'
import type { Connection } from './connection.ts'
import type { Outbox } from './outbox.ts'
import type { Presence } from './presence.ts'

export interface Notifier {
  /** Sends it to all sockets of the visitor; resolves when all have answered, at the latest after `NOTIFIED_MS`. */
  notify(globalVisitID: string, message: Pick<Notify, 'page' | 'channel' | 'data'>): Promise<Reached>
  /** A socket says what became of one. */
  answered(connection: Connection, notified: Notified): void
}

export interface Reached {
  readonly id: string
  /** Sockets it was sent to. */
  readonly delivered: number
  /** Of them, those in which a handler took it. */
  readonly handled: number
  /** The best that one of them said. */
  readonly outcome: NotifiedOutcome | 'unanswered'
}

/** How long an answer is waited for. */
export const NOTIFIED_MS = 2_000
/** Notifications that are waited for at once; one more is sent, and not waited for. */
export const WAITING_MAX = 1_000

interface Waiting {
  /** Who has not answered yet. */
  readonly open: Set<Connection>
  readonly outcomes: NotifiedOutcome[]
  readonly done: () => void
}

export function createNotifier(presence: Pick<Presence, 'socketsOf'>, outbox: Outbox): Notifier {
  const waiting = new Map<string, Waiting>()

  /** What was answered by the time that all have, or that the time is over. */
  function wait(id: string, open: Set<Connection>): Promise<readonly NotifiedOutcome[]> {
    const outcomes: NotifiedOutcome[] = []
    if (open.size === 0 || waiting.size >= WAITING_MAX) return Promise.resolve(outcomes)
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer)
        waiting.delete(id)
        resolve(outcomes)
      }
      const timer = setTimeout(done, NOTIFIED_MS)
      waiting.set(id, { open, outcomes, done })
    })
  }

  return {
    async notify(globalVisitID, { page, channel, data }) {
      const id = randomUUID()
      const sockets = [...presence.socketsOf(globalVisitID)]
      const answers = wait(id, new Set(sockets))
      const message: Notify = {
        type: 'notify',
        id,
        ...(page === undefined ? {} : { page }),
        channel,
        data,
      }
      for (const socket of sockets) outbox.send(socket, message)
      const outcomes = await answers
      const handled = outcomes.filter((outcome) => outcome === 'handled').length
      return { id, delivered: sockets.length, handled, outcome: bestOf(outcomes) }
    },
    answered(connection, { id, outcome }) {
      const asked = waiting.get(id)
      // One that is too late, twice, or not this socket's to give.
      if (asked === undefined || !asked.open.delete(connection)) return
      asked.outcomes.push(outcome)
      if (asked.open.size === 0) asked.done()
    },
  }
}

const BEST_FIRST: readonly NotifiedOutcome[] = ['handled', 'noHandler', 'notThisPage']

function bestOf(outcomes: readonly NotifiedOutcome[]): Reached['outcome'] {
  return BEST_FIRST.find((outcome) => outcomes.includes(outcome)) ?? 'unanswered'
}
