/** The rules that a configuration names: shipped ones by name, others from the modules that export them. */
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { NEEDS, type Rule } from './contract.ts'
import { RulesRefused } from './errors.ts'
import { SHIPPED, SHIPPED_RULES } from './shipped.ts'

/** Where an item's rules come from. */
export interface LoadedRule {
  readonly rule: Rule
  /** `shipped`, or the module as it was named. */
  readonly from: string
}

const NAME = /^[\w.-]{1,64}$/
const ON = /^(\*|visit\.opened|[\w.-]{1,64})$/
const ON_MAX = 64

/**
 * Loads what the items name: `shipped:NAME`, or the path of a module that has `export const rules = [...]`.
 * Rejects with `RulesRefused` at the first that is not right.
 */
export async function loadRules(items: readonly string[]): Promise<readonly LoadedRule[]> {
  const loaded: LoadedRule[] = []
  for (const item of items) {
    const rules = item.startsWith(SHIPPED) ? [shippedRule(item)] : await moduleRules(item)
    const from = item.startsWith(SHIPPED) ? 'shipped' : item
    loaded.push(...rules.map((rule) => ({ rule, from })))
  }
  refuseTwins(loaded)
  return loaded
}

function shippedRule(item: string): Rule {
  const name = item.slice(SHIPPED.length)
  const rule = SHIPPED_RULES.find((known) => known.name === name)
  if (rule !== undefined) return rule
  const names = SHIPPED_RULES.map((known) => SHIPPED + known.name)
  throw new RulesRefused(`"${item}" is no rule that comes with the server: there are ${names.join(', ')}`)
}

async function moduleRules(path: string): Promise<readonly Rule[]> {
  const rules = exportedRules(path, await importModule(path))
  return rules.map((rule, index) => {
    const wrong = wrongWith(rule)
    if (wrong !== null) throw new RulesRefused(`${path}: rules[${index}] ${wrong}`)
    // The boundary where what a module exports has become a rule: `wrongWith` has looked at every field.
    return rule as Rule
  })
}

async function importModule(path: string): Promise<unknown> {
  try {
    return await import(pathToFileURL(resolve(path)).href)
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new RulesRefused(`${path} cannot be loaded as a module of rules: ${why}`, { cause })
  }
}

function exportedRules(path: string, module: unknown): readonly unknown[] {
  const rules = typeof module === 'object' && module !== null && 'rules' in module ? module.rules : undefined
  if (Array.isArray(rules) && rules.length > 0) return rules
  throw new RulesRefused(
    `${path} exports no rules: it must have "export const rules = [{ name, version, on, needs, assume }]"`,
  )
}

/** What is wrong with a rule, or null. */
function wrongWith(rule: unknown): string | null {
  if (typeof rule !== 'object' || rule === null) return 'is no object'
  const { name, version, on, needs, assume } = { ...NOTHING, ...rule }
  if (typeof name !== 'string' || !NAME.test(name)) {
    return 'has no name of 1..64 characters of A-Z a-z 0-9 _ . -'
  }
  if (typeof version !== 'number' || !Number.isSafeInteger(version) || version < 1) {
    return `(${name}) has no version: a whole number from 1`
  }
  if (!isListOf(on, (item) => ON.test(item)) || on.length === 0 || on.length > ON_MAX) {
    return `(${name}) has no "on": a list of 1..${ON_MAX} of visit.opened, names of events, or *`
  }
  if (!isListOf(needs, (item) => NEEDS.some((need) => need === item))) {
    return `(${name}) has no "needs": a list of any of ${NEEDS.join(', ')}`
  }
  return typeof assume === 'function' ? null : `(${name}) has no function "assume"`
}

const NOTHING: Readonly<Record<keyof Rule, unknown>> = {
  name: null,
  version: null,
  on: null,
  needs: null,
  assume: null,
}

function isListOf(value: unknown, fits: (item: string) => boolean): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string' && fits(item))
}

/** Scores and pauses are kept by name: two rules in force cannot share one. */
function refuseTwins(loaded: readonly LoadedRule[]): void {
  const names = loaded.map(({ rule }) => rule.name)
  const twin = names.find((name, index) => names.indexOf(name) !== index)
  if (twin !== undefined) {
    throw new RulesRefused(`two rules are named ${twin}: give one of them another name, or leave it out`)
  }
}
