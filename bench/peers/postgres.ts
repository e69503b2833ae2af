/** The peer with PostgreSQL: a cluster of its own in a folder of its own, and the server before it. */
import { type ChildProcess, execFileSync, fork, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chownSync, existsSync, mkdtempSync, readdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { SECRET } from '../history/pages.ts'
import { atExit, removeFolder } from '../leaving.ts'
import { endProcess, PATIENCE_MS, saying } from '../patience.ts'
import { anonymousBytesOfTree, cpuMsOfTree } from '../processes.ts'
import { askCosts, pidOf, portOf, type ServerProcess } from '../server-process.ts'

/** Debian's packages install here, a folder for each version. */
const VERSIONS = '/usr/lib/postgresql'

/** What is not PostgreSQL's default; fsync, full_page_writes and synchronous_commit stay on. */
const SETTINGS: Readonly<Record<string, string>> = {
  listen_addresses: '',
  shared_buffers: '512MB',
  max_wal_size: '4GB',
  fsync: 'on',
  synchronous_commit: 'on',
}

interface Cluster {
  /** Where its socket and its data lie. */
  readonly folder: string
  readonly pid: number
  readonly stop: () => Promise<void>
}

/** The user that PostgreSQL runs as; it refuses to run as root. Null = the one who runs the bench. */
interface User {
  readonly uid: number
  readonly gid: number
}

/** Starts both; what they cost is told of both together. */
export async function startPostgresPeer(): Promise<ServerProcess> {
  const cluster = await startCluster()
  const child = fork(fileURLToPath(new URL('postgres-server.mjs', import.meta.url)), {
    execArgv: ['--expose-gc', '--import', fileURLToPath(new URL('../costs.mjs', import.meta.url))],
    env: {
      ...process.env,
      PGHOST: cluster.folder,
      PGUSER: 'bench',
      PGDATABASE: 'postgres',
      PEER_KEY: SECRET,
    },
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  })
  const ended = once(child, 'exit')
  const stop = async () => {
    await endProcess(child, ended)
    await cluster.stop()
  }
  try {
    return {
      port: await portOf(child, ended),
      pid: pidOf(child),
      folder: cluster.folder,
      costs: async () => {
        const own = await askCosts(child)
        return {
          cpuMs: own.cpuMs + cpuMsOfTree(cluster.pid),
          heapBytes: own.heapBytes,
          anonymousBytes: own.anonymousBytes + anonymousBytesOfTree(cluster.pid),
        }
      },
      diskBytes: async () => diskBytesOf(cluster),
      stop,
    }
  } catch (cause) {
    await stop()
    throw cause
  }
}

async function startCluster(): Promise<Cluster> {
  install()
  const user = process.getuid?.() === 0 ? userNamed('postgres') : null
  const folder = mkdtempSync(join(tmpdir(), 'vestibule-postgres-'))
  if (user !== null) chownSync(folder, user.uid, user.gid)
  const data = join(folder, 'data')
  const as = user === null ? {} : user
  // What is flushed is the server's work, not the making of an empty cluster.
  const initialize = [
    '--pgdata',
    data,
    '--username',
    'bench',
    '--auth',
    'trust',
    '--encoding',
    'UTF8',
    '--no-sync',
  ]
  execFileSync(binary('initdb'), initialize, { ...as, cwd: folder, stdio: ['ignore', 'ignore', 'inherit'] })
  const settings = Object.entries({ ...SETTINGS, unix_socket_directories: folder })
  const child = spawn(
    binary('postgres'),
    ['-D', data, ...settings.flatMap(([name, value]) => ['-c', `${name}=${value}`])],
    { ...as, cwd: folder, stdio: ['ignore', 'ignore', 'ignore'] },
  )
  const forget = atExit(() => {
    child.kill('SIGQUIT')
    removeFolder(folder)
  })
  const ended = once(child, 'exit')
  const stop = async () => {
    await endProcess(child, ended, 'SIGINT')
    forget()
    removeFolder(folder)
  }
  try {
    await untilReady(folder, child)
  } catch (cause) {
    await stop()
    throw cause
  }
  return { folder, pid: pidOf(child), stop }
}

/** Debian's package, where it is missing and may be installed. */
function install(): void {
  if (existsSync(VERSIONS)) return
  if (process.getuid?.() !== 0) throw new Error('PostgreSQL is missing: apt-get install postgresql')
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  execFileSync('apt-get', ['install', '-y', '--no-install-recommends', 'postgresql'], {
    env,
    stdio: 'ignore',
  })
}

function binary(name: string): string {
  const version = Math.max(...readdirSync(VERSIONS).map(Number))
  return join(VERSIONS, String(version), 'bin', name)
}

function userNamed(name: string): User {
  const id = (flag: string) => Number(execFileSync('id', [flag, name], { encoding: 'utf8' }))
  return { uid: id('-u'), gid: id('-g') }
}

async function untilReady(folder: string, child: ChildProcess): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS.START
  while (performance.now() < deadline) {
    if (child.exitCode !== null) throw new Error(`PostgreSQL ended with code ${child.exitCode}`)
    try {
      execFileSync(binary('pg_isready'), ['--host', folder, '--quiet'], {
        stdio: 'ignore',
        timeout: PATIENCE_MS.PAGE,
      })
      return
    } catch {
      await pause(100)
    }
  }
  throw new Error(`PostgreSQL: ${saying('START')}`)
}

/** All tables with their indexes. The write-ahead log is left out: it is used again, and does not grow with events. */
function diskBytesOf({ folder }: Cluster): number {
  const ask =
    "SELECT sum(pg_total_relation_size(oid)) FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
  const address = ['--host', folder, '--username', 'bench', '--dbname', 'postgres']
  const psql = [...address, '--tuples-only', '--command', ask]
  return Number(execFileSync(binary('psql'), psql, { timeout: PATIENCE_MS.COSTS }))
}
