/** NATS as the configuration says it is to be reached; one connection serves all that this room does. */
import type { Config } from '../config.ts'
import { readNatsAccess } from './access.ts'
import type { Bus } from './bus.ts'
import type { BusLog } from './log.ts'
import { connectNats } from './nats/nats-bus.ts'

/** Null where NATS_URL is empty. Connects in the background. Throws `ConfigError`. */
export function openBus(config: Config, log: BusLog): Bus | null {
  if (config.natsUrl === '') return null
  const access = readNatsAccess(config)
  return connectNats({ access, stream: config.natsStream, clientName: config.source, log })
}
