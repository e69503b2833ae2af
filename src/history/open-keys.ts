/** Where the keys come from at a start: configuration, a file, or the key made at the first start. */
import { existsSync, mkdirSync, readFileSync, realpathSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { type Config, ConfigError } from '../config.ts'
import { type Key, parseKeys, refuseTwice } from './keys.ts'

export interface OpenedKeys {
  readonly keys: readonly Key[]
  /** Where the made key's secret lies, for the start-up line; null where keys are configured. */
  readonly madeKeyPath: string | null
}

/**
 * The keys of `VESTIBULE_KEYS` and `VESTIBULE_KEYS_FILE`; without any, the key `desk`, its secret alone in
 * `<data>/key` (mode 0600), made by `makeSecret` if that is not there. Throws `ConfigError` where a key is not
 * right, and for a host other than loopback without configured keys: a made key is for trying things out.
 */
export function openKeys(
  config: Pick<Config, 'keys' | 'keysFile' | 'data' | 'host'>,
  makeSecret: () => string,
): OpenedKeys {
  const keys = [...keysOfVariable(config.keys), ...keysOfFile(config.keysFile)]
  refuseTwice(keys)
  if (keys.length > 0) return { keys, madeKeyPath: null }
  if (!isLoopback(config.host)) {
    throw new ConfigError(
      `VESTIBULE_HOST is ${config.host}, not loopback: configure VESTIBULE_KEYS or VESTIBULE_KEYS_FILE first`,
    )
  }
  return openMadeKey(config.data, makeSecret)
}

/** Whether only this machine can reach a server that listens on `host`. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || host === '[::1]' || /^127(\.\d{1,3}){3}$/.test(host)
}

function keysOfVariable(text: string): readonly Key[] {
  return parseKeys(nonEmpty(text.split(',')), 'VESTIBULE_KEYS')
}

function keysOfFile(path: string): readonly Key[] {
  if (path === '') return []
  const lines = nonEmpty(readText(path, 'VESTIBULE_KEYS_FILE').split('\n'))
  return parseKeys(
    lines.filter((line) => !line.startsWith('#')),
    'VESTIBULE_KEYS_FILE',
  )
}

function openMadeKey(data: string, makeSecret: () => string): OpenedKeys {
  const path = join(data, 'key')
  // An empty file is a first start that was cut short.
  const kept = existsSync(path) ? readText(path, 'the made key').trim() : ''
  const secret = kept === '' ? keepSecret(path, makeSecret()) : kept
  const keys = parseKeys([`desk:${secret}:history:read+verdict+notify`], `the made key in ${path}`)
  return { keys, madeKeyPath: realpathSync(path) }
}

function keepSecret(path: string, secret: string): string {
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
    writeFileSync(path, `${secret}\n`, { mode: 0o600 })
    return secret
  } catch (cause) {
    const what = `${path} cannot be written; configure VESTIBULE_KEYS, or let this user write there`
    throw new ConfigError(what, { cause })
  }
}

function readText(path: string, what: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (cause) {
    throw new ConfigError(`${what}: ${path} cannot be read; name a file this user may read`, { cause })
  }
}

function nonEmpty(items: readonly string[]): readonly string[] {
  return items.map((item) => item.trim()).filter((item) => item !== '')
}
