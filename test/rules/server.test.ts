/** Rules as the whole server has them: named in the configuration, refused at the start where they are wrong. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { defaultConfig } from '../../src/config.ts'
import { createLog } from '../../src/operating/log.ts'
import { RulesRefused } from '../../src/rules/errors.ts'
import { startServer } from '../../src/server.ts'
import { tempFolder } from '../helpers/temp-folder.ts'
import { aModule, oneRule } from './a-rule-module.ts'

const serving = suite('rules of a server')

serving('wrong rules are refused at the start, with nothing left open; right ones are in force', async () => {
  const folder = tempFolder()
  const own = aModule(oneRule('return null'))
  const log = createLog('silent')
  const config = { ...defaultConfig(), port: 0, data: folder.path }
  for (const rules of [['shipped:psychic'], ['/nowhere/rules.mjs']]) {
    await startServer({ config: { ...config, rules }, log }).then(
      () => assert.unreachable('it started'),
      (error: unknown) => assert.instance(error, RulesRefused),
    )
  }
  const server = await startServer({ config: { ...config, rules: ['shipped:profileMatch', own.path] }, log })
  try {
    const body: unknown = await (await fetch(`${server.url}/readyz`)).json()
    assert.match(JSON.stringify(body), '"rulesOff":0,"rulesPaused":0')
  } finally {
    await server.close()
    own.remove()
    folder.remove()
  }
})

serving.run()
