/** The types of the ES module, as a site's own TypeScript sees them. */
import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { buildTracker } from '../browser/built-tracker.ts'
import { tempFolder } from '../helpers/temp-folder.ts'

const module_ = suite('the module’s types')

const at = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url))

/** Each line below a @ts-expect-error must be refused, all others must pass. */
const SITE = `import { gt, type ConnectionStatus, type IdentityStatus, type ProofRequest, type TrackerIds } from '${at('dist/tracker.mjs')}'
gt.push(['config', { endpoint: 'https://engage.example', queueEvents: 100, keepQuery: ['q'], consent: 'required' }])
gt.push(['event', 'AddToCart', { data: { sku: '42' }, category: 'Shop' }], ['event', { eventName: 'Search', words: 1 }])
gt.push(['sendSignIn', { userID: 'ada' }], ['sendSignOut'], ['sendUserInfo', { name: 'Ada' }])
gt.push(['getIDs', ({ globalVisitID, dropped }: TrackerIds) => globalVisitID.length + dropped])
gt.push(['on', 'connection', ({ state, queued }: ConnectionStatus) => state === 'open' && queued])
gt.push(['on', 'identity', ({ state }: IdentityStatus) => state])
gt.push(['on', 'proof', async ({ data }: ProofRequest) => ({ proof: String(data.identityId) })])
gt.push(['on', 'chat', (data: { text: string }) => data.text], ['consent', true], ['dsl'], ['dsl', '/declared.json'])
gt.push(['dsl', [{ name: 'Added', on: 'click', values: { sku: { selector: '.card', attribute: 'data-sku' } } }]])
// @ts-expect-error
gt.push(['config', { endpiont: 'https://engage.example' }])
// @ts-expect-error
gt.push(['consent', 'yes'])
// @ts-expect-error
gt.push(['forget'])
// @ts-expect-error
gt.push(['dsl', [{ on: 'click' }]])
`

module_('[T1] every command is typed, and what is none is refused', () => {
  buildTracker()
  const folder = tempFolder()
  try {
    writeFileSync(join(folder.path, 'site.ts'), SITE)
    const flags = [
      '--ignoreConfig',
      '--noEmit',
      '--strict',
      '--module',
      'nodenext',
      '--lib',
      'es2022,dom',
      '--types',
      '',
    ]
    execFileSync(process.execPath, [
      at('node_modules/typescript/bin/tsc'),
      ...flags,
      join(folder.path, 'site.ts'),
    ])
  } catch (problem) {
    assert.unreachable(String((problem as { stdout?: unknown }).stdout))
  } finally {
    folder.remove()
  }
})

module_.run()
