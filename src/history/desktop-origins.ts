/** Which pages may ask with a key: agents' desktops, by their origin (CORS). */
import type { MiddlewareHandler } from 'hono'
import { cors } from 'hono/cors'
import { type Config, ConfigError } from '../config.ts'

/** How long a browser may remember the answer to its preflight, in seconds. */
const PREFLIGHT_S = 7_200

/** Answers preflights, and says whose pages may read. Throws `ConfigError` at what is no origin. */
export function allowDesktops({ historyOrigins }: Pick<Config, 'historyOrigins'>): MiddlewareHandler {
  for (const origin of historyOrigins) checkOrigin(origin)
  return cors({
    origin: [...historyOrigins],
    allowMethods: ['GET', 'HEAD', 'POST'],
    allowHeaders: ['Authorization', 'Content-Type', 'Idempotency-Key', 'Last-Event-ID'],
    exposeHeaders: ['Paging-Next', 'Link', 'Location', 'Retry-After'],
    maxAge: PREFLIGHT_S,
  })
}

function checkOrigin(origin: string): void {
  if (URL.canParse(origin) && new URL(origin).origin === origin) return
  throw new ConfigError(
    `VESTIBULE_HISTORY_ORIGINS: "${origin}" is no origin; write https://desktop.example, without a path; there is no *`,
  )
}
