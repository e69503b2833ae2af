/** Why a request is refused, as `application/problem+json` (RFC 9457), like everywhere. */
import { STATUS_CODES } from 'node:http'

export interface RefusalExtras {
  /** The parameter that is wrong. */
  readonly parameter?: string
  readonly headers?: Readonly<Record<string, string>>
}

/** `detail` says what was wrong and what to do, and holds nothing secret. */
export function refusal(
  status: number,
  detail: string,
  { parameter, headers }: RefusalExtras = {},
): Response {
  const told = { type: 'about:blank', title: STATUS_CODES[status] ?? '', status, detail }
  return new Response(JSON.stringify(parameter === undefined ? told : { ...told, parameter }), {
    status,
    headers: { 'content-type': 'application/problem+json', 'cache-control': 'no-store', ...headers },
  })
}
