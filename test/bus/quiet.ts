/** A log that says nothing, and one that remembers what it was told. */
import type { BusLog } from '../../src/bus/log.ts'

export const QUIET: BusLog = { info: () => undefined, warn: () => undefined, error: () => undefined }

export interface KeptLog extends BusLog {
  readonly lines: () => readonly string[]
}

export function keptLog(): KeptLog {
  const lines: string[] = []
  const keep = (level: string) => (fields: object, message: string) => {
    lines.push(`${level} ${message} ${JSON.stringify(fields)}`)
  }
  return { info: keep('info'), warn: keep('warn'), error: keep('error'), lines: () => lines }
}
