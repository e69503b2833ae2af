/** Refusals and faults as `application/problem+json` (RFC 9457), H2. */

const TITLES = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  409: 'Conflict',
  410: 'Gone',
  413: 'Content Too Large',
  415: 'Unsupported Media Type',
  429: 'Too Many Requests',
  500: 'Internal Server Error',
  503: 'Service Unavailable',
} as const

export type ProblemStatus = keyof typeof TITLES

export interface ProblemExtras {
  /** The parameter that is wrong: every 400 about one names it. */
  readonly parameter?: string
  readonly headers?: Readonly<Record<string, string>>
  /** What else the body tells: of a conflict, the state that it is with. */
  readonly more?: Readonly<Record<string, unknown>>
}

/** A request that is refused. `detail` says what was wrong and what to do, and holds nothing secret. */
export class Problem extends Error {
  override readonly name = 'Problem'
  readonly status: ProblemStatus
  readonly extras: ProblemExtras

  constructor(status: ProblemStatus, detail: string, extras: ProblemExtras = {}) {
    super(detail)
    this.status = status
    this.extras = extras
  }
}

/** A 400 that names its parameter. */
export function wrongParameter(parameter: string, detail: string): Problem {
  return new Problem(400, detail, { parameter })
}

/** A 404 for a single resource, or a parent, that does not exist (H2). */
export function notFound(what: string): Problem {
  return new Problem(404, `there is no such ${what}`)
}

/** A refusal because of how things stand now: `more` tells how. */
export function conflict(detail: string, more: Readonly<Record<string, unknown>> = {}): Problem {
  return new Problem(409, detail, { more })
}

const RETRY_AFTER_SECONDS = '1'

/** Nothing can be kept now: the disk is full, or too much waits (Q2). */
export function unavailable(): Problem {
  return new Problem(503, 'nothing can be kept now; send it again', {
    headers: { 'retry-after': RETRY_AFTER_SECONDS },
  })
}

/** What a problem says, as JSON. */
export function problemBody({ status, message, extras }: Problem): Readonly<Record<string, unknown>> {
  const { parameter, more } = extras
  return {
    type: 'about:blank',
    title: TITLES[status],
    status,
    detail: message,
    ...(parameter === undefined ? {} : { parameter }),
    ...more,
  }
}

/** The answer that a problem becomes. */
export function problemResponse(problem: Problem): Response {
  const { status, extras } = problem
  return new Response(JSON.stringify(problemBody(problem)), {
    status,
    headers: { 'content-type': 'application/problem+json', 'cache-control': 'no-store', ...extras.headers },
  })
}
