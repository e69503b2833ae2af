/** Modules of rules as an operator writes them, in a folder of the test's own. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { RulesLog } from '../../src/rules/log.ts'
import { tempFolder } from '../helpers/temp-folder.ts'

/** Writes a module and gives its path; `remove` takes the folder away. */
export function aModule(source: string): { readonly path: string; readonly remove: () => void } {
  const folder = tempFolder()
  const path = join(folder.path, 'rules.mjs')
  writeFileSync(path, source)
  return { path, remove: folder.remove }
}

/** A module with one rule whose `assume` has this body; `given` is what it is given. */
export function oneRule(body: string, fields = ''): string {
  return `export const rules = [${ruleText('tried', body, fields)}]`
}

/** The text of one rule: asked when a visit opens, needs nothing. */
export function ruleText(name: string, body: string, fields = ''): string {
  return `{ name: '${name}', version: 1, on: ['visit.opened'], needs: [], ${fields} assume(given) { ${body} } }`
}

export interface LoggedLine {
  readonly level: 'info' | 'warn' | 'error'
  readonly fields: Readonly<Record<string, unknown>>
  readonly message: string
}

/** A log that remembers. */
export function aLog(): { readonly log: RulesLog; readonly lines: LoggedLine[] } {
  const lines: LoggedLine[] = []
  const at = (level: LoggedLine['level']) => (fields: LoggedLine['fields'], message: string) =>
    void lines.push({ level, fields, message })
  return { log: { info: at('info'), warn: at('warn'), error: at('error') }, lines }
}
