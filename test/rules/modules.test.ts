/** What a configuration may name as rules, and how it is told what is wrong. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { NEEDS } from '../../src/rules/contract.ts'
import { RulesRefused } from '../../src/rules/errors.ts'
import { loadRules } from '../../src/rules/modules.ts'
import { SHIPPED_RULES } from '../../src/rules/shipped.ts'
import { aModule, oneRule, ruleText } from './a-rule-module.ts'

const modules = suite('rule modules')

async function refusal(items: readonly string[]): Promise<string> {
  try {
    await loadRules(items)
  } catch (error) {
    assert.instance(error, RulesRefused)
    return error instanceof Error ? error.message : ''
  }
  throw new Error('they were taken')
}

modules('the shipped rules are there by name, each only where it is named', async () => {
  assert.equal(
    SHIPPED_RULES.map(({ name }) => name),
    ['lastSignedInHere', 'linkedByVisit', 'profileMatch'],
  )
  const loaded = await loadRules(['shipped:lastSignedInHere'])
  assert.equal(
    loaded.map(({ rule, from }) => [rule.name, from]),
    [['lastSignedInHere', 'shipped']],
  )
  assert.equal(await loadRules([]), [])
})

modules('a module and shipped rules go together', async () => {
  const own = aModule(`export const rules = [${ruleText('one', '')}, ${ruleText('two', '')}]`)
  const loaded = await loadRules(['shipped:profileMatch', own.path])
  own.remove()
  assert.equal(
    loaded.map(({ rule }) => rule.name),
    ['profileMatch', 'one', 'two'],
  )
})

modules('an unknown shipped rule is refused with the names there are', async () => {
  assert.match(await refusal(['shipped:psychic']), 'shipped:lastSignedInHere')
})

modules('a missing module, one that throws and one without rules are refused with their path', async () => {
  assert.match(await refusal(['/nowhere/rules.mjs']), '/nowhere/rules.mjs cannot be loaded')
  const broken: readonly (readonly [string, RegExp])[] = [
    ['throw new Error("not today")', /cannot be loaded.*not today/],
    ['export const rules = (', /cannot be loaded/],
    ['export const rule = 1', /exports no rules/],
    ['export const rules = []', /exports no rules/],
    ['export const rules = { name: "x" }', /exports no rules/],
  ]
  for (const [source, message] of broken) {
    const own = aModule(source)
    const said = await refusal([own.path])
    own.remove()
    assert.match(said, own.path)
    assert.match(said, message)
  }
})

modules('a rule of the wrong shape is refused with its place and the field', async () => {
  const broken: readonly (readonly [string, RegExp])[] = [
    ['7', /rules\[0\] is no object/],
    ['{}', /no name/],
    ['{ name: "a b" }', /no name/],
    [`{ name: "${'n'.repeat(65)}" }`, /no name/],
    ['{ name: "n", version: 0 }', /\(n\) has no version/],
    ['{ name: "n", version: "1" }', /no version/],
    ['{ name: "n", version: 1 }', /no "on"/],
    ['{ name: "n", version: 1, on: [] }', /no "on"/],
    ['{ name: "n", version: 1, on: ["bad name"] }', /no "on"/],
    ['{ name: "n", version: 1, on: ["*"], needs: ["everything"] }', /no "needs".*pastLinks/],
    ['{ name: "n", version: 1, on: ["*"], needs: [] }', /no function "assume"/],
  ]
  for (const [rule, message] of broken) {
    const own = aModule(`export const rules = [${rule}]`)
    const said = await refusal([own.path])
    own.remove()
    assert.match(said, message)
  }
})

modules(
  'a name of 64 characters, 64 occasions and every need are taken, one occasion more is not',
  async () => {
    const name = 'n'.repeat(64)
    const text = (occasions: number) =>
      `export const rules = [{ name: '${name}', version: 1, on: ${JSON.stringify(
        Array.from({ length: occasions }, (_, index) => `e${index}`),
      )}, needs: ${JSON.stringify(NEEDS)}, assume() {} }]`
    const most = aModule(text(64))
    assert.is((await loadRules([most.path])).length, 1)
    most.remove()
    const over = aModule(text(65))
    assert.match(await refusal([over.path]), 'no "on"')
    over.remove()
  },
)

modules('two rules of one name are refused: their scores could not be told apart', async () => {
  const own = aModule(oneRule('', `name: 'lastSignedInHere',`))
  assert.match(await refusal(['shipped:lastSignedInHere', own.path]), 'two rules are named lastSignedInHere')
  own.remove()
})

modules.run()
