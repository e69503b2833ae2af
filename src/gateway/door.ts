/** What is asked of a request before anything it says is heard: by sockets and by `POST /track` alike. */
import type { IncomingMessage } from 'node:http'
import type { Desk } from './desk.ts'
import type { UserAgent } from './user-agents.ts'

export interface Door {
  readonly desk: Desk
  /** Whose limits it counts against. */
  readonly addressOf: (request: IncomingMessage) => string
  readonly userAgentOf: (header: string | undefined) => UserAgent
  readonly allowsOrigin: (origin: string | undefined) => boolean
}
