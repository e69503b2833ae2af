/** Refusals and faults as `application/problem+json` (RFC 9457), H2. */

const TITLES = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  429: 'Too Many Requests',
  500: 'Internal Server Error',
} as const

export type ProblemStatus = keyof typeof TITLES

export interface ProblemExtras {
  /** The parameter that is wrong: every 400 about one names it. */
  readonly parameter?: string
  readonly headers?: Readonly<Record<string, string>>
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

/** The answer that a problem becomes. */
export function problemResponse({ status, message, extras }: Problem): Response {
  const { parameter, headers } = extras
  const body = {
    type: 'about:blank',
    title: TITLES[status],
    status,
    detail: message,
    ...(parameter === undefined ? {} : { parameter }),
  }
  return new Response(JSON.stringify(body), {
    status,
    headers: { 'content-type': 'application/problem+json', 'cache-control': 'no-store', ...headers },
  })
}
