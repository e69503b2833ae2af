/** `vestibule serve`: reads the configuration, starts the server, and stops it in order when it is told to. */
import { parseArgs } from 'node:util'
import { SnapshotTooNew } from '../../machines/versions.ts'
import { ConfigError, describeOptions, flagOf, OPTIONS, type OptionName, parseConfig } from '../config.ts'
import { createLog, type Log } from '../operating/log.ts'
import { RulesRefused } from '../rules/errors.ts'
import { startServer, type VestibuleServer } from '../server.ts'
import { isLmdbAftershock, StoreLocked, StoreTooNew, StoreUnavailable } from '../store/errors.ts'

const HELP = `usage: vestibule serve [--demo] [options]

Serves browsers on /track, agents on /backend/data, and engines on NATS where NATS_URL is set.
--demo serves a small shop under /demo/ that uses the tracker.

options (a flag, or its environment variable; a flag wins):

`

/** Runs until SIGTERM or SIGINT; 0 after an orderly stop, 1 where it could not start, 2 for a wrong option. */
export async function serve(args: string[]): Promise<number> {
  const names = Object.keys(OPTIONS) as OptionName[]
  try {
    const { values } = parseArgs({ args, options: flags(names), allowPositionals: false })
    if (values.help === true) {
      process.stdout.write(`${HELP}${describeOptions()}\n`)
      return 0
    }
    const given = new Map(Object.entries(values))
    const chosen = names.flatMap((name) => {
      const value: unknown = given.get(flagOf(name).slice(2))
      return typeof value === 'string' ? [[name, value] as const] : []
    })
    const { config, ignored } = parseConfig(process.env, Object.fromEntries(chosen))
    const log = createLog(config.logLevel)
    if (ignored.length > 0) log.info({ variables: ignored }, 'variables that a platform injected are ignored')
    surviveAftershocks(log)
    const demo = values.demo === true
    // The shop shows who it is believed to be talking to.
    const server = await startServer({
      config: demo ? { ...config, tellBrowser: true } : config,
      log,
      demo,
      onBroken: endBroken(log),
    })
    announce(server, demo)
    process.on('SIGHUP', () => rereadKeys(server, log))
    return await untilStopped(server, log)
  } catch (error) {
    return refused(error)
  }
}

function flags(names: readonly OptionName[]) {
  const options = names.map((name) => [flagOf(name).slice(2), { type: 'string' }] as const)
  return { ...Object.fromEntries(options), demo: { type: 'boolean' }, help: { type: 'boolean' } } as const
}

/** One line says where it listens; one how to ask it, never with the key itself. */
function announce({ url, madeKeyPath }: VestibuleServer, isDemo: boolean): void {
  const lines = [
    `listening on ${url}`,
    ...(isDemo ? [`the demo shop: ${url}/demo/`] : []),
    ...(madeKeyPath === null
      ? []
      : [`ask it: curl -u desk:$(cat ${quoted(madeKeyPath)}) '${url}/backend/data/contacts'`]),
  ]
  process.stdout.write(`${lines.join('\n')}\n`)
}

function quoted(path: string): string {
  return /^[\w./-]+$/.test(path) ? path : `'${path.replaceAll("'", `'\\''`)}'`
}

/** Q2: what lmdb throws beside a failed commit must not end the process; any other rejection does, loudly. */
function surviveAftershocks(log: Log): void {
  process.on('unhandledRejection', (reason) => {
    if (!isLmdbAftershock(reason)) throw reason
    log.warn({ err: reason }, 'the disk refused a write; see /readyz')
  })
}

/**
 * What is open cannot be closed in order any more, and nothing acknowledged is lost by a sudden end: whoever watches the
 * process starts it again, and that opens the folder anew.
 */
function endBroken(log: Log): (error: Error) => void {
  return (err) => {
    log.error({ err }, 'the store is broken; this process ends, start it again')
    process.exit(1)
  }
}

/** A file with a mistake in it locks nobody out: the keys stay as they were until it is right. */
function rereadKeys(server: VestibuleServer, log: Log): void {
  try {
    server.rereadKeys()
    log.info({}, 'the keys were read again')
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    log.error({ reason: error.message }, 'the keys were not read again; they stay as they were')
  }
}

async function untilStopped(server: VestibuleServer, log: Log): Promise<number> {
  const signal = await new Promise<string>((resolve) => {
    for (const name of ['SIGTERM', 'SIGINT'] as const) process.once(name, () => resolve(name))
  })
  log.info({ signal }, 'stopping: acknowledging what was taken')
  await server.close()
  log.info({}, 'stopped')
  return 0
}

/** What an operator can mend is said in one sentence; anything else is a fault, with its stack. */
function refused(error: unknown): number {
  if (error instanceof ConfigError || isArgumentError(error)) {
    process.stderr.write(`vestibule serve: ${error.message}\n`)
    return 2
  }
  const isKnown = [StoreLocked, StoreTooNew, StoreUnavailable, SnapshotTooNew, RulesRefused].some(
    (kind) => error instanceof kind,
  )
  if (isKnown || isListenError(error)) {
    process.stderr.write(`vestibule serve: ${error instanceof Error ? error.message : String(error)}\n`)
    return 1
  }
  throw error
}

function isArgumentError(error: unknown): error is Error {
  return error instanceof Error && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS')
}

function isListenError(error: unknown): boolean {
  return error instanceof Error && 'syscall' in error && error.syscall === 'listen'
}
