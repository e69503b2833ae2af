/** Who asks for a stream, and for what: by a key and the query, or by a ticket, which brings its filters. */
import type { Context } from 'hono'
import { type Filters, readFilters } from './filters.ts'
import { refusal } from './refusal.ts'
import type { Tickets } from './tickets.ts'

export interface LiveAccess<Who> {
  /** Lets in whoever brings a key that may read, or answers why not. */
  readonly admit: (context: Context) => Promise<Who | Response>
  /** Counts a wrong ticket like a wrong key; null when it may be answered, else the answer. */
  readonly slow: (context: Context) => Promise<Response | null>
  /** Whether its key or token is still good. */
  readonly holds: (who: Who) => boolean
  /** Listens to keys that were replaced; returns the function that stops listening. */
  readonly onReplaced: (listener: () => void) => () => void
}

export interface Asked<Who> {
  readonly who: Who
  readonly filters: Filters
  /** The position to go on after, as it was written; undefined = from now on. */
  readonly after: string | undefined
}

export interface AskingParts<Who> {
  readonly access: LiveAccess<Who>
  readonly tickets: Tickets<Who>
  /** For the demo: events of everybody may be asked for. */
  readonly allEvents: boolean
}

export function createAsking<Who extends object>({ access, tickets, allEvents }: AskingParts<Who>) {
  /** What is asked for, or why it is refused. */
  return async (context: Context): Promise<Asked<Who> | Response> => {
    const query = readQuery(context.req.queries())
    if (query instanceof Response) return query
    const { ticket, lastEventId, ...asked } = query
    const after = context.req.header('last-event-id') || lastEventId || undefined
    if (ticket !== undefined) {
      const admitted = await redeem(context, ticket, Object.keys(asked))
      return admitted instanceof Response ? admitted : { ...admitted, after }
    }
    const who = await access.admit(context)
    if (who instanceof Response) return who
    const filters = readFilters(asked, { allEvents })
    return filters instanceof Response ? filters : { who, filters, after }
  }

  async function redeem(context: Context, ticket: string, [other]: readonly string[]) {
    if (other !== undefined) {
      return refusal(400, 'a ticket brings its filters; only lastEventId goes with it', { parameter: other })
    }
    const admitted = tickets.redeem(ticket)
    if (admitted !== null && access.holds(admitted.who)) return admitted
    const refused = await access.slow(context)
    return (
      refused ?? refusal(401, 'this ticket is over, was used, or is none; ask POST /live/tickets for another')
    )
  }
}

/** Each parameter once. */
function readQuery(queries: Readonly<Record<string, readonly string[]>>) {
  const twice = Object.keys(queries).find((name) => (queries[name]?.length ?? 0) > 1)
  if (twice !== undefined) return refusal(400, `${twice} is given twice`, { parameter: twice })
  const single: Readonly<Record<string, string>> = Object.fromEntries(
    Object.entries(queries).map(([name, [value = '']]) => [name, value]),
  )
  return single
}
