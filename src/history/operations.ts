/** The operations as they are asked over NATS: the same checks, scopes, audit and answers as over HTTP (B8). */
import { z } from '@hono/zod-openapi'
import { checkScope } from './access.ts'
import { type Desk, idsIn, problemOf } from './answering.ts'
import type { Scope } from './keys.ts'
import { engage, release } from './leases.ts'
import { notify } from './notifications.ts'
import type { Operation } from './operation.ts'
import { checkBody } from './parameters.ts'
import { problemBody } from './problem.ts'
import type { Reading } from './reading.ts'
import { BASES } from './route.ts'
import { assume, confirm, reject, retract } from './verdicts.ts'
import { visitorNow } from './visitor-resource.ts'

export type OperationName =
  | 'get'
  | 'assume'
  | 'confirm'
  | 'reject'
  | 'retract'
  | 'engage'
  | 'release'
  | 'notify'

export interface OperationCall {
  /** The Authorization header that came with it. */
  readonly authorization: string | undefined
  /** The account is trusted: no key is asked for. */
  readonly open: boolean
  /** Decoded JSON. */
  readonly body: unknown
}

/** `body` is problem+json from 400 on. */
export interface OperationAnswer {
  readonly status: number
  readonly body: unknown
}

/** None of them rejects. */
export type Operations = Readonly<Record<OperationName, (call: OperationCall) => Promise<OperationAnswer>>>

export function createOperations(desk: Desk): Operations {
  return {
    get: ask(desk, 'get', {
      scope: 'history:read',
      act: async (reading, body) =>
        visitorNow(reading, checkBody(z.strictObject(ONLY_VISITOR), body).globalVisitID),
    }),
    assume: ask(desk, 'assume', onVisitor(assume)),
    confirm: ask(desk, 'confirm', onVisitor(confirm)),
    reject: ask(desk, 'reject', onVisitor(reject)),
    retract: ask(desk, 'retract', onVisitor(retract)),
    engage: ask(desk, 'engage', onVisitor(engage)),
    release: ask(desk, 'release', onVisitor(release)),
    notify: ask(desk, 'notify', { scope: 'notify', act: notify }),
  }
}

const ONLY_VISITOR = { globalVisitID: z.string() }

interface Asking {
  readonly scope: Scope
  readonly act: (reading: Reading, body: unknown) => Promise<object>
}

/** The visitor stands in the body, beside what a path would leave to it. */
function onVisitor({ scope, perform }: Pick<Operation, 'scope' | 'perform'>): Asking {
  return {
    scope,
    act: (reading, body) => {
      const { globalVisitID, ...rest } = checkBody(z.looseObject(ONLY_VISITOR), body)
      return perform(reading, globalVisitID, rest)
    },
  }
}

/** Who asks where the account is trusted: what the audit log says. */
const TRUSTED = 'nats'
/** Wrong keys over NATS are slowed down as those of one address. */
const NATS_ADDRESS = 'nats'

function ask(desk: Desk, name: OperationName, { scope, act }: Asking): Operations[OperationName] {
  const what = `vestibule.visitor.${name}`
  return async ({ authorization, open, body }) => {
    let who: string | null = open ? TRUSTED : null
    const respond = async (): Promise<OperationAnswer> => {
      try {
        if (!open) {
          const principal = await desk.access.admit(authorization, NATS_ADDRESS)
          who = principal.name
          checkScope(principal, scope)
        }
        return { status: 200, body: await act(desk.beginReading(BASES[0]), body) }
      } catch (error) {
        const problem = problemOf(desk, error, what)
        return { status: problem.status, body: problemBody(problem) }
      }
    }
    const answer = await respond()
    if (who !== null) await desk.audit({ who, what, about: idsIn(body), outcome: answer.status })
    return answer
  }
}
