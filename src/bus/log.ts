/** What the bus needs of a log: pino's way of calling it. */

type Say = (fields: Readonly<Record<string, unknown>>, message: string) => void

export interface BusLog {
  readonly info: Say
  readonly warn: Say
  readonly error: Say
}

/** What went wrong, for a log line. */
export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
