/** A real nats-server of the test's own: on a free port, with JetStream in a folder of its own. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { connect as connectTcp, createServer } from 'node:net'
import { join } from 'node:path'
import { tempFolder } from './temp-folder.ts'
import { eventually, within } from './within.ts'

export interface NatsServer {
  readonly url: string
  readonly port: number
  /** Ends it at once, as `kill -9` does; its folder stays. */
  readonly kill: () => Promise<void>
  /** Stops it where it stands: connections stay open, nothing is answered. Resolves when it has stopped. */
  readonly freeze: () => Promise<void>
  readonly thaw: () => void
  /** Starts it again, on the same port and folder; `changed` replaces what it was started with. */
  readonly start: (changed?: Partial<NatsServerOptions>) => Promise<void>
  /** Ends it and removes its folder. */
  readonly stop: () => Promise<void>
}

export interface NatsServerOptions {
  readonly jetStream: boolean
  /** More lines of its configuration file. */
  readonly configuration: string
}

const READY_MS = 10_000
const BINARY = process.env.NATS_SERVER_BIN ?? ['/usr/sbin/nats-server'].find(existsSync) ?? 'nats-server'

/** Resolves when it takes connections. */
export async function startNatsServer(options: Partial<NatsServerOptions> = {}): Promise<NatsServer> {
  const folder = tempFolder()
  const port = await freePort()
  let current: NatsServerOptions = { jetStream: true, configuration: '', ...options }
  let child: ChildProcess | null = null

  async function start(changed: Partial<NatsServerOptions> = {}): Promise<void> {
    current = { ...current, ...changed }
    child = await spawnServer({ folder: folder.path, port, ...current })
    await eventually(READY_MS, 'nats-server takes connections', () => takesConnections(port))
  }

  async function kill(): Promise<void> {
    const ended = child
    child = null
    if (ended === null || ended.exitCode !== null || ended.signalCode !== null) return
    ended.kill('SIGKILL')
    await within(READY_MS, 'nats-server ends', once(ended, 'exit'))
  }

  await start()
  return {
    url: `nats://127.0.0.1:${port}`,
    port,
    kill,
    async freeze() {
      child?.kill('SIGSTOP')
      await eventually(READY_MS, 'nats-server stands still', () => (isStopped(child?.pid) ? true : undefined))
    },
    thaw: () => child?.kill('SIGCONT'),
    start,
    async stop() {
      await kill()
      folder.remove()
    },
  }
}

async function spawnServer(
  options: NatsServerOptions & { readonly folder: string; readonly port: number },
): Promise<ChildProcess> {
  const { folder, port, jetStream, configuration } = options
  const file = join(folder, 'nats.conf')
  const store = jetStream ? `jetstream { store_dir: "${join(folder, 'jetstream')}" }` : ''
  writeFileSync(file, `${store}\n${configuration}\n`)
  const child = spawn(BINARY, ['-a', '127.0.0.1', '-p', String(port), '-c', file], { stdio: 'ignore' })
  try {
    await once(child, 'spawn')
  } catch (cause) {
    const hint = 'install it (apt-get install nats-server), or set NATS_SERVER_BIN to where it is'
    throw new Error(`${BINARY} cannot be started; ${hint}`, { cause })
  }
  // A test run that breaks off leaves no server behind.
  const end = () => child.kill('SIGKILL')
  process.once('exit', end)
  child.once('exit', () => process.off('exit', end))
  return child
}

/** The signal is sent at once, and takes a while to arrive. */
function isStopped(pid: number | undefined): boolean {
  return /^State:\s+T/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
}

/** A server says INFO to whoever connects; until then it is not ready. */
async function takesConnections(port: number): Promise<true | undefined> {
  const socket = connectTcp(port, '127.0.0.1')
  try {
    await once(socket, 'data')
    return true
  } catch {
    return undefined
  } finally {
    socket.destroy()
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (address === null || typeof address === 'string') throw new Error('no free port was given')
  return address.port
}
