/** An operation on one visitor, the same over HTTP and over NATS: its scope, its checked body, what it does. */
import { z } from '@hono/zod-openapi'
import type { NewEntry, Outcome } from '../visitors/contract.ts'
import type { Scope } from './keys.ts'
import { findVisitor } from './named.ts'
import { checkBody } from './parameters.ts'
import { conflict, notFound, Problem, unavailable } from './problem.ts'
import type { Reading } from './reading.ts'
import { visitorNow } from './visitor-resource.ts'

export interface Operation<Body extends z.ZodObject = z.ZodObject> {
  readonly scope: Scope
  readonly summary: string
  /** Without the visitor, who stands in the path, or beside it in a request over NATS. */
  readonly body: Body
  readonly example: z.input<Body>
  readonly answer: z.ZodType
  /** Does it with an unchecked body. Rejects with a `Problem`. */
  readonly perform: (reading: Reading, globalVisitID: string, body: unknown) => Promise<object>
}

interface OperationRow<Body extends z.ZodObject> extends Omit<Operation<Body>, 'perform'> {
  readonly act: (reading: Reading, globalVisitID: string, body: z.infer<Body>) => Promise<object>
}

/** An operation that checks its body, then that the visitor exists. */
export function operation<Body extends z.ZodObject>({ act, ...told }: OperationRow<Body>): Operation<Body> {
  return {
    ...told,
    perform: async (reading, globalVisitID, body) => {
      const checked = checkBody(told.body, body)
      existingVisitor(reading, globalVisitID)
      return act(reading, globalVisitID, checked)
    },
  }
}

/** The visitor's number. Throws a 404 where nobody has heard of it. */
export function existingVisitor(reading: Reading, globalVisitID: string): number {
  const number = findVisitor(reading, globalVisitID)
  if (number === 0 || reading.store.visitor(number) === null) throw notFound('visitor')
  return number
}

export type Kept = Extract<Outcome, { is: 'kept' }>

/** Puts one entry that is no event into the visitor's stream; on disk when it resolves. */
export async function recordEntry(reading: Reading, globalVisitID: string, entry: NewEntry): Promise<Kept> {
  const [outcome] = await recordAll(reading, globalVisitID, [entry])
  if (outcome?.is !== 'kept') throw new Problem(500, 'the visitor could not take it; it changed nothing')
  return outcome
}

/** Puts entries into the visitor's stream; what became of each. Throws a 503 while too much waits. */
export async function recordAll(
  { acting }: Reading,
  globalVisitID: string,
  entries: readonly NewEntry[],
): Promise<readonly Outcome[]> {
  if (acting.visitors.isFull()) throw unavailable()
  return (await acting.visitors.record(globalVisitID, entries)).outcomes
}

/** I15: refused, with the state that it conflicts with. */
export function refusedBy(
  reading: Reading,
  globalVisitID: string,
  { detail, more }: { readonly detail: string; readonly more: Readonly<Record<string, unknown>> },
): Problem {
  return conflict(detail, { ...more, visitor: visitorNow(reading, globalVisitID) })
}

/** A text of 1 to `most` characters. */
export function textOf(most: number, says: string) {
  return z
    .string()
    .min(1, 'must not be empty')
    .max(most, `must be at most ${most} characters`)
    .openapi({ description: says })
}

/** A plain JSON value of at most so many bytes. */
export function jsonOf(bytesMax: number, says: string) {
  return z
    .unknown()
    .refine((value) => Buffer.byteLength(JSON.stringify(value) ?? '') <= bytesMax, {
      message: `must be at most ${bytesMax} bytes of JSON`,
    })
    .openapi({ description: says })
}
