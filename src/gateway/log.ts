/** What the gateway needs of a log; pino's logger is one. Nothing personal is ever said to it. */
export interface Log {
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
}
