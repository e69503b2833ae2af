/** The peer with workerd: the server that runs Durable Objects, on a disk of its own. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { SECRET } from '../history/pages.ts'
import { atExit, removeFolder } from '../leaving.ts'
import { endProcess, PATIENCE_MS, within } from '../patience.ts'
import { anonymousBytesOf, cpuMsOfTree } from '../processes.ts'
import { pidOf, type ServerProcess } from '../server-process.ts'

/** The descriptor on which workerd tells its port. */
const CONTROL = 3

/** Its heap cannot be asked for: anonymous memory holds it. */
export async function startWorkerdPeer(): Promise<ServerProcess> {
  const folder = mkdtempSync(join(tmpdir(), 'vestibule-workerd-'))
  mkdirSync(join(folder, 'disk'))
  copyFileSync(fileURLToPath(new URL('durable-object.mjs', import.meta.url)), join(folder, 'worker.mjs'))
  writeFileSync(join(folder, 'config.capnp'), configFor(join(folder, 'disk')))
  const child = spawn(binary(), ['serve', 'config.capnp', `--control-fd=${CONTROL}`], {
    cwd: folder,
    stdio: ['ignore', 'ignore', 'inherit', 'pipe'],
  })
  const forget = atExit(() => {
    child.kill('SIGKILL')
    removeFolder(folder)
  })
  const ended = once(child, 'exit')
  const stop = async () => {
    // It would wait for connections that are kept alive, and has nothing to save.
    await endProcess(child, ended, 'SIGKILL')
    forget()
    removeFolder(folder)
  }
  try {
    const port = await portOf(child, ended)
    const pid = pidOf(child)
    return {
      port,
      pid,
      folder,
      costs: async () => ({
        cpuMs: cpuMsOfTree(pid),
        heapBytes: Number.NaN,
        anonymousBytes: anonymousBytesOf(pid),
      }),
      diskBytes: () => diskBytesOf(port),
      stop,
    }
  } catch (cause) {
    await stop()
    throw cause
  }
}

/** The databases of all visitors, when the last of them has gone. The write-ahead logs are left out. */
async function diskBytesOf(port: number): Promise<number> {
  const signal = AbortSignal.timeout(PATIENCE_MS.COSTS)
  for (;;) {
    const answer = await fetch(`http://127.0.0.1:${port}/gone`, { signal })
    // The boundary where the answer becomes what the worker holds.
    const gone = (await answer.json()) as { readonly open: number; readonly bytes: number }
    if (gone.open === 0) return gone.bytes
    await pause(100, undefined, { signal })
  }
}

/** The program itself: the package's own command is a script that starts it. */
function binary(): string {
  const name = `@cloudflare/workerd-${process.platform}-${process.arch === 'x64' ? '64' : process.arch}`
  return createRequire(import.meta.url).resolve(`${name}/bin/workerd`)
}

function configFor(disk: string): string {
  return `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "main", worker = .worker),
    (name = "disk", disk = (path = "${disk}", writable = true)),
  ],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "main")],
);
const worker :Workerd.Worker = (
  modules = [(name = "worker", esModule = embed "worker.mjs")],
  compatibilityDate = "2026-10-01",
  durableObjectNamespaces = [(className = "Visitor", uniqueKey = "visitor", enableSql = true)],
  durableObjectStorage = (localDisk = "disk"),
  bindings = [
    (name = "VISITORS", durableObjectNamespace = "Visitor"),
    (name = "KEY", text = "${SECRET}"),
  ],
);
`
}

/** It says where it listens, or ends. */
async function portOf(child: ChildProcess, ended: Promise<unknown[]>): Promise<number> {
  const failed = ended.then(([code]) => {
    throw new Error(`workerd ended with code ${code} before it listened`)
  })
  // Once it listens, nobody waits for this any more.
  failed.catch(() => undefined)
  // The boundary where a descriptor that was asked for as a pipe becomes what can be read.
  const control = child.stdio[CONTROL] as Readable
  const [line] = await within('START', 'workerd', Promise.race([once(control, 'data'), failed]))
  return JSON.parse(String(line)).port
}
