/** The audit log: one JSON line for every call that changes something, and every read of a person's history. */
import { createHmac, randomBytes } from 'node:crypto'
import { appendFile } from 'node:fs/promises'
import type { Store } from '../store/contract.ts'

/** One call, as the room that answered it tells it. */
export interface AuditedCall {
  /** The key's name; `jwt:<sub>` for a token. */
  readonly who: string
  /** The row of a table, without ids: `GET /visits/{visitId}`, `vestibule.visitor.confirm`. */
  readonly what: string
  /** Whom it was about: ids by the names they have in the API. Only their HMACs are written. */
  readonly about: Readonly<Record<string, string>>
  /** What was answered, as an HTTP status. */
  readonly outcome: number
}

/**
 * Resolves when the line is with the system, so that it is waited for before the answer goes out. Never rejects: a
 * call whose line cannot be written is answered all the same (a full disk stops no read), and counted as lost.
 */
export type TellAudit = (call: AuditedCall) => Promise<void>

export interface Audit {
  readonly tell: TellAudit
  /** Lines that could not be written since the start. */
  readonly lost: () => number
  /** Resolves when all lines are written. */
  readonly close: () => Promise<void>
}

/** What is told where the log itself cannot be written; pino's logger is one. */
export interface AuditLog {
  info(fields: object, message: string): void
  error(fields: object, message: string): void
}

export interface AuditParts {
  /** The file; opened anew for each write, so that whoever rotates it needs to tell nobody. */
  readonly path: string
  /** The secret of the HMACs: see `openAuditSecret`. */
  readonly secret: string
  readonly now: () => number
  readonly log: AuditLog
}

/** Lines that come while others are written go out together. */
export function createAudit({ path, secret, now, log }: AuditParts): Audit {
  let lines: string[] = []
  let next: Promise<void> | null = null
  let last: Promise<void> = Promise.resolve()
  let lost = 0
  let isFailing = false

  async function write(): Promise<void> {
    const text = lines.join('')
    const count = lines.length
    lines = []
    next = null
    try {
      await appendFile(path, text, { mode: 0o600 })
      if (isFailing) log.info({ lost }, 'the audit log is written again')
      isFailing = false
    } catch (err) {
      lost += count
      if (!isFailing) log.error({ err }, 'the audit log cannot be written; calls are answered without it')
      isFailing = true
    }
  }

  function tell({ who, what, about, outcome }: AuditedCall): Promise<void> {
    const hashed = Object.entries(about).map(([name, id]) => [name, hashOfId(id, secret)] as const)
    const time = new Date(now()).toISOString()
    lines.push(`${JSON.stringify({ time, who, what, about: Object.fromEntries(hashed), outcome })}\n`)
    if (next === null) {
      next = last.then(write)
      last = next
    }
    return next
  }

  return { tell, lost: () => lost, close: () => last }
}

/** An id as the log shows it: HMAC-SHA-256, base64url. An identity in another spelling of E8 is the same. */
export function hashOfId(id: string, secret: string): string {
  return createHmac('sha256', secret).update(id.normalize('NFC').trim()).digest('base64url')
}

/** The note that holds the secret: made once, so that an id's hash stays the same. */
export const AUDIT_SECRET_NOTE = 'audit.secret'

/** Rejects as the store does where a new secret cannot be kept. */
export async function openAuditSecret(store: Pick<Store, 'note' | 'saveNote'>): Promise<string> {
  const noted = store.note(AUDIT_SECRET_NOTE)
  if (typeof noted === 'string') return noted
  const made = randomBytes(32).toString('base64url')
  await store.saveNote(AUDIT_SECRET_NOTE, made)
  return made
}
