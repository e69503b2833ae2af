/** The structured log: one JSON line each, on standard output. Nothing personal or secret is ever given to it. */
import { type Logger, pino } from 'pino'
import type { Config } from '../config.ts'

export type Log = Logger

/** The log at the configured level; errors are written whole, with their causes. */
export function createLog(level: Config['logLevel']): Log {
  return pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime })
}
