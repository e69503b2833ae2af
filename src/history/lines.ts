/** A row of the table that answers a whole history as lines of JSON, written as fast as they are read (H7, H8). */
import { z } from '@hono/zod-openapi'
import type { Scope } from './keys.ts'
import { check, refuseUnknown } from './parameters.ts'
import type { Reading } from './reading.ts'
import type { Route } from './route.ts'
import type { TakeTurn } from './turns.ts'

export const LINES_TYPE = 'application/x-ndjson'

/** One object a line; null = others may work before the next. */
export type Lines = Iterable<object | null>

interface LinesRow<Params extends z.ZodObject> {
  readonly path: string
  readonly scope: Scope
  readonly summary: string
  readonly params: Params
  /** One line. */
  readonly line: z.ZodType
  readonly read: (reading: Reading, params: z.infer<Params>) => Lines
}

const NO_PARAMETERS = z.object({})

export function lines<Params extends z.ZodObject>(row: LinesRow<Params>): Route {
  const { line, read, ...told } = row
  return {
    ...told,
    method: 'GET',
    at: 'data',
    relations: [],
    filters: NO_PARAMETERS,
    query: NO_PARAMETERS,
    answer: line,
    isList: false,
    isLines: true,
    respond: async (reading, asked) => {
      refuseUnknown(asked.query, NO_PARAMETERS)
      return { is: 'lines', lines: read(reading, check(row.params, asked.params)) }
    },
  }
}

/** Characters written at once: about what a socket takes. */
const PART_LENGTH = 64 * 1024

/** The lines as a body; each part takes its turn among the readers, and is made when the one before has gone out. */
export function bodyOfLines(told: Lines, takeTurn: TakeTurn): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder()
  const iterator = told[Symbol.iterator]()
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        let part = ''
        let isDone = false
        while (part === '' && !isDone) {
          await takeTurn()
          for (;;) {
            const next = iterator.next()
            isDone = next.done === true
            if (next.done === true || next.value === null) break
            part += `${JSON.stringify(next.value)}\n`
            if (part.length >= PART_LENGTH) break
          }
        }
        if (part !== '') controller.enqueue(encoder.encode(part))
        if (isDone) controller.close()
      },
      cancel: () => void iterator.return?.(),
    },
    { highWaterMark: 0 },
  )
}
