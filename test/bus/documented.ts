/** What docs/bus.md shows, taken out of it to be run: the engine, and the server's configuration for its accounts. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { ConnectionOptions } from 'nats'

const TEXT = readFileSync(new URL('../../docs/bus.md', import.meta.url), 'utf8')

/** The first block of code in that language. */
export function documented(language: string): string {
  const [, code] = new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\``, 'm').exec(TEXT) ?? []
  if (code === undefined) throw new Error(`docs/bus.md shows no ${language}`)
  return code
}

export type StartEngine = (options: {
  readonly servers: string
  readonly key: string
  readonly name: string
  readonly login?: ConnectionOptions
}) => Promise<() => Promise<void>>

/** The engine, from a file in this folder that imports our client. */
export async function documentedEngine(folder: string): Promise<StartEngine> {
  const path = join(folder, 'engine.mjs')
  const client = import.meta.resolve('nats')
  writeFileSync(path, documented('js').replace("'nats'", JSON.stringify(client)))
  const { startEngine } = await import(pathToFileURL(path).href)
  return startEngine
}
