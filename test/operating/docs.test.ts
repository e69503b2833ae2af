/** docs/operating.md says what there is: every option, every metric, every line of the log; and limits agree. */
import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { pageWithOptions, readPage } from '../../docs/options.ts'
import { WIRE_LIMITS } from '../../protocol/limits.ts'
import { defaultConfig, OPTIONS } from '../../src/config.ts'
import { SCOPES } from '../../src/history/keys.ts'
import { createMetrics, watchRooms } from '../../src/operating/metrics.ts'
import { watchRetention } from '../../src/operating/retention-metrics.ts'
import { watchRules } from '../../src/operating/rule-metrics.ts'

const docs = suite('docs/operating.md')
const root = fileURLToPath(new URL('../../', import.meta.url))
const page = readPage()

docs('its options are those of src/config.ts: else run `node --import tsx docs/options.ts`', () => {
  assert.is(page, pageWithOptions(page))
})

docs('each limit of the wire is an option, with the same default', () => {
  const config: Readonly<Record<string, unknown>> = defaultConfig()
  for (const [name, value] of Object.entries(WIRE_LIMITS)) assert.is(config[name], value, name)
})

docs('each variable has a name of its own', () => {
  const keys = Object.values(OPTIONS).map(({ key }) => key)
  assert.is(new Set(keys).size, keys.length)
})

docs('every metric of ours has a row', async () => {
  const metrics = createMetrics()
  watchRooms(metrics, {
    store: {
      stats: () => ({
        ...{ bytes: 0, fileBytes: 0, mapBytes: 0, quotaBytes: 0 },
        lastPosition: 0,
        lastAt: 0,
      }),
      rowCount: () => 0,
      unavailable: () => null,
    },
    visitors: () => ({ awake: 0, waiting: 0 }),
    sockets: () => 0,
    liveStreams: () => 0,
    auditLost: () => 0,
    relay: () => ({
      ...{ connected: true, state: 'open', mode: 'jetStream', problem: null, backlogRows: 0 },
      ...{ oldestAgeMs: 0, isOverLimit: false, published: 0, dead: 0 },
    }),
  })
  watchRetention(metrics, () => ({ keptSince: 0, entries: 0, visitors: 0, identities: 0 }))
  watchRules(metrics, () => ({
    ...{ rulesAsked: 0, rulesAnswered: 0, rulesWaiting: 0, rulesDropped: 0, rulesLost: 0 },
    ...{ rulesOff: 0, rulesPaused: 0 },
  }))
  const names = (await metrics.registry.getMetricsAsJSON()).map(({ name }) => name)
  const ours = names.filter((name) => name.startsWith('vestibule_'))
  assert.ok(ours.length > 20)
  assert.equal(
    ours.filter((name) => !page.includes(`\`${name}`)),
    [],
  )
})

docs('every scope has a row', () => {
  for (const scope of SCOPES) assert.match(page, `| \`${scope}\` |`)
})

docs('every line that the log may hold has a row', () => {
  const lines = sources(`${root}src`).flatMap((file) => logged(readFileSync(file, 'utf8')))
  assert.ok(lines.length > 40, `only ${lines.length} lines were found`)
  assert.equal(
    lines.filter((line) => !page.includes(`\n| ${line} | `)),
    [],
  )
})

function sources(folder: string): readonly string[] {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => `${entry.path}/${entry.name}`)
}

/** The message of each call of a log that has one in its own words: its last argument. */
function logged(source: string): readonly string[] {
  return [...source.matchAll(/\blog\.(?:info|warn|error)\(/g)].flatMap((match) => {
    const call = callFrom(source.slice(match.index + match[0].length))
    const message = /(['"])((?:(?!\1).)*)\1,?\s*$/.exec(call)?.[2]
    return message === undefined ? [] : [message]
  })
}

/** Up to the parenthesis that closes the call. */
function callFrom(rest: string): string {
  let depth = 1
  for (let at = 0; at < rest.length; at += 1) {
    if (rest[at] === '(') depth += 1
    if (rest[at] === ')') depth -= 1
    if (depth === 0) return rest.slice(0, at)
  }
  return rest
}

docs.run()
