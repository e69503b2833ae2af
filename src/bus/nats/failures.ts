/** What a NATS server's refusals mean for us: is it for now, for good, or does nobody know whether it was done. */
import { ErrorCode, NatsError } from 'nats'
import { BusError, type BusErrorKind } from '../bus.ts'
import { reasonOf } from '../log.ts'

/** JetStream's codes for answers that are no failure. */
export const STREAM_NOT_FOUND = 10_059
export const MESSAGE_NOT_FOUND = 10_037
/** Off on this server, or for this account. */
const NO_JETSTREAM: readonly number[] = [10_039, 10_076]
/** Another stream took the message: ours is not there. */
const ANOTHER_STREAM = 10_060
/** The stream takes no message of this size. */
const TOO_LARGE = 10_054

/** Makes a `BusError` of every failure to publish. */
export async function published<T>(publish: () => Promise<T>): Promise<T> {
  try {
    return await publish()
  } catch (error) {
    throw toBusError('publish', error)
  }
}

/** Makes a `BusError` of every failure to get an answer; `about` says to what. Only a message is refused for good. */
export async function answered<T>(about: string, ask: () => Promise<T>): Promise<T> {
  try {
    return await ask()
  } catch (error) {
    const failure = toBusError(about, error)
    if (failure.kind !== 'refusedForGood') throw failure
    throw new BusError('refused', failure.message, { cause: error })
  }
}

function toBusError(about: string, error: unknown): BusError {
  if (error instanceof BusError) return error
  return new BusError(kindOf(error), `${about}: ${natsReason(error)}`, { cause: error })
}

/** The answer, or null where the server answers with one of these codes. */
export async function orNull<T>(codes: readonly number[], question: Promise<T>): Promise<T | null> {
  try {
    return await question
  } catch (error) {
    if (codes.includes(codeOf(error))) return null
    throw error
  }
}

/** Whether the server said that it has no JetStream for us. */
export function saysNoJetStream(error: unknown): boolean {
  return isNoResponders(error) || NO_JETSTREAM.includes(codeOf(error))
}

/** What the server said: the client makes a bare number of it where that is 503. */
export function natsReason(error: unknown): string {
  if (isNoResponders(error)) return 'nobody answers'
  if (hasCode(error, ErrorCode.PermissionsViolation)) return 'the NATS account does not permit it'
  if (hasCode(error, ErrorCode.MaxPayloadExceeded)) return 'it is larger than the server takes'
  if (hasCode(error, ErrorCode.Timeout)) return 'no answer in time'
  const said = error instanceof NatsError ? error.api_error?.description : undefined
  return said ?? reasonOf(error)
}

function kindOf(error: unknown): BusErrorKind {
  const code = codeOf(error)
  if (isNoResponders(error) || code === STREAM_NOT_FOUND || code === ANOTHER_STREAM) return 'noStream'
  if (FOR_GOOD.some((known) => hasCode(error, known)) || code === TOO_LARGE) return 'refusedForGood'
  return code > 0 ? 'refused' : 'unanswered'
}

/** The same message would be refused again, however often it is sent (B6). */
const FOR_GOOD = [ErrorCode.PermissionsViolation, ErrorCode.MaxPayloadExceeded, ErrorCode.BadSubject]

function hasCode(error: unknown, code: string): boolean {
  return error instanceof NatsError && error.code === code
}

/** JetStream's own error code, or 0 where it did not answer with one. */
function codeOf(error: unknown): number {
  return error instanceof NatsError ? (error.api_error?.err_code ?? 0) : 0
}

function isNoResponders(error: unknown): boolean {
  return error instanceof NatsError && error.code === '503' && error.api_error === undefined
}
