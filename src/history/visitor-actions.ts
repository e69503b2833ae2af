/** Rows of the table that decide about a visitor, or ask for the right to engage it. */
import { z } from '@hono/zod-openapi'
import { action } from './action.ts'
import { engage, release } from './leases.ts'
import type { Operation } from './operation.ts'
import type { Route } from './route.ts'
import { assume, confirm, reject, retract } from './verdicts.ts'

const params = z.object({ globalVisitID: z.string() })

/** The operation's row: its name is the last word of the path. */
function rowOf<Body extends z.ZodObject>(name: string, operation: Operation<Body>): Route {
  const { scope, summary, body, example, answer, perform } = operation
  return action({
    path: `/visitors/{globalVisitID}/${name}`,
    scope,
    summary,
    params,
    body,
    example,
    answer,
    act: async (reading, { params, by }) => ({
      is: 'resource',
      // Checked there, with the same schema.
      body: await perform(reading, params.globalVisitID, by.body),
    }),
  })
}

export const VISITOR_ACTIONS: readonly Route[] = [
  rowOf('assume', assume),
  rowOf('confirm', confirm),
  rowOf('reject', reject),
  rowOf('retract', retract),
  rowOf('engage', engage),
  rowOf('release', release),
]
