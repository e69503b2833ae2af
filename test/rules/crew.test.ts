/** Rules that fail, in every way there is: each is switched off, alone, and nothing else suffers. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { normalizeIdentityId } from '../../protocol/events.ts'
import type { Given } from '../../src/rules/contract.ts'
import { type Crew, startCrew } from '../../src/rules/crew.ts'
import { RulesRefused } from '../../src/rules/errors.ts'
import { NO_LOOKUPS } from '../../src/rules/lookups.ts'
import { within } from '../helpers/within.ts'
import { aLog, aModule, type LoggedLine, ruleText } from './a-rule-module.ts'

const crews = suite('rules in their thread')

const GIVEN: Given = {
  ...NO_LOOKUPS,
  at: 1_000,
  on: 'visit.opened',
  event: null,
  visitor: {
    globalVisitID: 'g1',
    seq: 1,
    state: 'Anonymous',
    identityId: null,
    confidence: null,
    interaction: 'non-identified',
    since: 1,
    visit: { ordinal: 1, visitId: 'v1', startDate: 1, implicit: false },
    session: null,
    pages: [],
    lastActivity: 1,
    rejected: [],
    lease: null,
    leases: [],
    withdrawn: false,
  },
}

const PAT = `return { identityId: 'pat', confidence: 0.5 }`

interface Trying {
  readonly crew: Crew
  readonly lines: readonly LoggedLine[]
  /** What the named rule answers. */
  readonly ask: (name: string) => Promise<string | null>
}

/** A crew of the rules in the text, which ends with the test. */
async function trying(
  source: string,
  act: (trying: Trying) => Promise<void>,
  options: { readonly ruleMs?: number } = {},
): Promise<void> {
  const own = aModule(source)
  const { log, lines } = aLog()
  const { ruleMs = 5_000 } = options
  const crew = await startCrew({
    items: [own.path],
    ruleMs,
    memoryMb: 32,
    toIdentityId: normalizeIdentityId,
    log,
  })
  const ask = async (name: string): Promise<string | null> => {
    const rule = crew.heads.find((head) => head.name === name)
    if (rule === undefined) throw new Error(`no rule ${name}`)
    return (await within(20_000, `an answer of ${name}`, crew.ask(rule, GIVEN)))?.identityId ?? null
  }
  try {
    await act({ crew, lines, ask })
  } finally {
    await crew.end()
    own.remove()
  }
}

const both = (body: string): string =>
  `export const rules = [${ruleText('bad', body)}, ${ruleText('good', PAT)}]`

crews('a rule is given a copy and answers', async () => {
  const body = `given.visitor.rejected.push('x'); return { identityId: given.visitor.globalVisitID, confidence: 1 }`
  await trying(both(body), async ({ ask, crew }) => {
    assert.is(await ask('bad'), 'g1')
    assert.is(await ask('bad'), 'g1')
    assert.equal(GIVEN.visitor.rejected, [])
    assert.equal(crew.heads[0], {
      name: 'bad',
      version: 1,
      on: ['visit.opened'],
      needs: [],
      from: crew.heads[0]?.from,
    })
  })
})

const FAILURES: readonly (readonly [title: string, body: string, why: RegExp])[] = [
  ['throws', `throw new Error('no idea')`, /it threw: no idea/],
  ['throws what is no error', `throw 7`, /it threw: 7/],
  ['loops forever', `for (;;);`, /it took over/],
  ['answers nonsense', `return { identityId: 'pat', confidence: 7 }`, /confidence/],
  ['answers with a promise', `return Promise.resolve(null)`, /promise/],
  ['ends its thread', `process.exit(3)`, /it ended its thread/],
  [
    'eats all memory',
    `const all = []; for (;;) all.push(new Array(1e5).fill({}))`,
    /it ended its thread|it took over/,
  ],
]

for (const [title, body, why] of FAILURES) {
  crews(`a rule that ${title} is switched off, and the others go on in a new thread`, async () => {
    const ruleMs = title === 'loops forever' ? 200 : 5_000
    const act = async ({ ask, crew, lines }: Trying): Promise<void> => {
      assert.is(await ask('good'), 'pat')
      assert.is(await ask('bad'), null)
      assert.match(crew.offOf('bad') ?? '', why)
      assert.is(crew.offOf('good'), null)
      assert.is(await ask('good'), 'pat')
      assert.is(await ask('bad'), null, 'it stays off')
      assert.equal(
        lines.map(({ level, fields }) => [level, fields.rule]),
        [['error', 'bad']],
      )
    }
    await trying(both(body), act, { ruleMs })
  })
}

crews('a rule that answers, but too late, is switched off', async () => {
  const body = `const until = Date.now() + 300; while (Date.now() < until); ${PAT}`
  await trying(
    both(body),
    async ({ ask, crew }) => {
      assert.is(await ask('bad'), null)
      assert.match(crew.offOf('bad') ?? '', 'it took over 100 ms')
    },
    { ruleMs: 100 },
  )
})

crews('a thread that ends while nobody is asked is replaced; too often, and all rules are off', async () => {
  // Ends a moment after each answer, in a turn of its own.
  const source = both(`setTimeout(() => process.exit(0), 1); ${PAT}`)
  await trying(source, async ({ ask, crew, lines }) => {
    for (let times = 0; times < 100 && crew.offOf('bad') === null; times += 1) {
      await ask('bad')
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
    assert.match(crew.offOf('bad') ?? '', /too often by itself|it ended its thread/)
    assert.ok(lines.length > 0)
  })
})

crews('a thread that something left behind blocks is replaced, and nobody is blamed', async () => {
  const source = both(`queueMicrotask(() => { for (;;); }); ${PAT}`)
  await trying(source, async ({ ask, crew, lines }) => {
    assert.is(await ask('bad'), 'pat')
    assert.is(await ask('good'), null, 'it was not even begun')
    assert.is(await ask('good'), 'pat')
    assert.equal([crew.offOf('bad'), crew.offOf('good')], [null, null])
    assert.equal(
      lines.map(({ level, message }) => [level, message]),
      [['warn', 'the thread of rules ended or was blocked while no rule was asked']],
    )
  })
})

crews('the environment, with the secrets in it, is not the rules’', async () => {
  process.env.RULES_TEST_SECRET = 'hush'
  const body = `return { identityId: process.env.RULES_TEST_SECRET ?? 'nothing', confidence: 1 }`
  await trying(both(body), async ({ ask }) => assert.is(await ask('bad'), 'nothing'))
  delete process.env.RULES_TEST_SECRET
})

crews('rules that cannot be loaded are refused at the start', async () => {
  for (const source of ['export const rules = 1', 'throw new Error()', 'process.exit(0)']) {
    try {
      await trying(source, async () => {})
      assert.unreachable(source)
    } catch (error) {
      assert.instance(error, RulesRefused)
    }
  }
})

crews('a crew that has ended asks nobody, and blames nobody', async () => {
  await trying(both(`for (;;);`), async ({ crew, lines }) => {
    const [bad] = crew.heads
    if (bad === undefined) return assert.unreachable()
    const asking = crew.ask(bad, GIVEN)
    await crew.end()
    assert.is(await within(20_000, 'the end of the ask', asking), null)
    assert.is(await crew.ask(bad, GIVEN), null)
    assert.equal(lines, [])
  })
})

crews.run()
