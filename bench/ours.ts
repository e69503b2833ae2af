/** The server itself, in its own process, as `vestibule serve` starts it; its durability is the default. */
import { parseConfig } from '../src/config.ts'
import { createLog } from '../src/operating/log.ts'
import { startServer } from '../src/server.ts'
import { answerParent } from './child.ts'

const { config } = parseConfig(process.env)
const server = await startServer({ config, log: createLog('error') })
answerParent(Number(new URL(server.url).port), () => server.close())
