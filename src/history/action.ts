/** A row of the table that changes something: a POST with a JSON body. */
import { z } from '@hono/zod-openapi'
import type { Scope } from './keys.ts'
import { check, checkBody, refuseUnknown } from './parameters.ts'
import type { Reading } from './reading.ts'
import type { Asked, Reply, Route, Where } from './route.ts'

interface ActionRow<Params extends z.ZodObject, Body extends z.ZodType> {
  readonly at?: Where
  readonly path: string
  readonly scope: Scope
  readonly summary: string
  readonly params: Params
  readonly body: Body
  /** A body as one may be sent. */
  readonly example: z.input<Body>
  readonly answer: z.ZodType
  /** It makes something that has an address. */
  readonly makes?: boolean
  /** It begins something that goes on by itself. */
  readonly begins?: boolean
  readonly act: (
    reading: Reading,
    asked: { readonly params: z.infer<Params>; readonly body: z.infer<Body>; readonly by: Asked },
  ) => Promise<Reply>
}

const NO_PARAMETERS = z.object({})

/** A row that acts; with `makes` it answers 201, and 200 where the same was made before. */
export function action<Params extends z.ZodObject, Body extends z.ZodType>(
  row: ActionRow<Params, Body>,
): Route {
  const { at = 'data', makes = false, begins = false, act, ...told } = row
  return {
    ...told,
    method: 'POST',
    at,
    relations: [],
    filters: NO_PARAMETERS,
    query: NO_PARAMETERS,
    isList: false,
    makes,
    begins,
    respond: async (reading, asked) => {
      refuseUnknown(asked.query, NO_PARAMETERS)
      const params = check(row.params, asked.params)
      return act(reading, { params, body: checkBody(row.body, asked.body), by: asked })
    },
  }
}
