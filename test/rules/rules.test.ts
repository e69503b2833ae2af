/** Rules over the real actors and a real store: who is asked, what comes back, what is kept. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { came, event, HOUR, MINUTE, signIn } from '../visitors/a-room.ts'
import { findingsIn } from '../visitors/findings.ts'
import { ruleText } from './a-rule-module.ts'
import { withRules } from './a-ruled-room.ts'

const rules = suite('rules')

/** One rule that assumes pat. */
const assumesPat = (fields = '', confidence = 0.5): string =>
  `export const rules = [${ruleText('pat', `return { identityId: 'pat', confidence: ${confidence} }`, fields)}]`

rules('[I10] a rule makes an anonymous visitor WM-Recognized, and the stream says why', async () => {
  await withRules({ source: assumesPat() }, async ({ room, settled, state, answers, rules: running }) => {
    await room.says('g1', 'VisitStarted')
    assert.equal(state('g1'), ['Anonymous', null], 'the ack waited for no rule')
    await settled()
    assert.equal(state('g1'), ['WM-Recognized', 'pat'])
    assert.equal(answers('g1'), [
      {
        rule: 'pat',
        version: 1,
        inputs: { on: 'visit.opened', seq: 1 },
        answer: { identityId: 'pat', confidence: 0.5, halfLifeMs: null, evidence: null },
        basedOnSeq: 1,
      },
    ])
    const [change] = room.committed
      .flatMap(({ changes }) => changes)
      .filter(({ kind }) => kind === 'identity')
    assert.is(change?.name, 'wmRecognized')
    assert.equal(change?.data.cause, { kind: 'rule', rule: 'pat' })
    assert.equal(findingsIn(room.store), [])
    const { rulesAsked, rulesAnswered } = running.stats()
    assert.equal([rulesAsked, rulesAnswered], [1, 1])
  })
})

rules('[I10] only visitors who are Anonymous, in an open visit, are asked about', async () => {
  await withRules({ source: assumesPat(`on: ['visit.opened', 'Viewed'],`) }, async (ruled) => {
    const { room, settled, answers, rules: running } = ruled
    await room.record('g1', event('VisitStarted'), signIn('sam'), event('Viewed'))
    await room.record('g2', event('VisitStarted', { visit: 'w' }), event('ConsentWithdrawn', { visit: 'w' }))
    await settled()
    assert.equal(answers('g1'), [])
    assert.equal(answers('g2'), [])
    assert.is(running.stats().rulesAsked, 0)
  })
})

rules('a rule is asked on its occasions only; * is every event', async () => {
  const tells = `return { identityId: given.on + (given.event?.eventName ?? ''), confidence: 0.001 }`
  const text = (name: string, on: string): string => ruleText(name, tells, `on: ${on},`)
  const source = `export const rules = [${text('some', "['Viewed']")}, ${text('all', "['*']")}]`
  await withRules({ source }, async ({ room, settled, answers, state }) => {
    await room.says('g1', 'VisitStarted')
    await settled()
    assert.equal(
      answers('g1').map(({ rule, inputs }) => [rule, inputs]),
      [['all', { on: 'VisitStarted', seq: 1 }]],
    )
    assert.equal(state('g1'), ['WM-Recognized', 'VisitStartedVisitStarted'])
    await room.says('g2', 'Viewed', { visit: 'w' })
    await settled()
    assert.equal(
      answers('g2').map(({ rule }) => rule),
      ['some', 'all'],
    )
  })
})

rules('late events and late visits are no occasion: they say nothing of who is there now', async () => {
  await withRules(
    { source: assumesPat(`on: ['visit.opened', '*'],`) },
    async ({ room, settled, rules: running }) => {
      await room.record('g1', event('VisitStarted'), signIn('sam'))
      await settled()
      const before = running.stats().rulesAsked
      room.passes(MINUTE)
      await room.record('g1', event('Late', { visit: 'v0', agoMs: 2 * HOUR }))
      await settled()
      assert.is(running.stats().rulesAsked, before)
    },
  )
})

rules(
  '[I11] the surest of several answers is taken; the others are in the stream, dropped as stale',
  async () => {
    const text = (name: string, confidence: number): string =>
      ruleText(name, `return { identityId: '${name}', confidence: ${confidence} }`)
    const source = `export const rules = [${text('weak', 0.2)}, ${text('strong', 0.7)}, ${text('fair', 0.5)}]`
    await withRules({ source }, async ({ room, settled, answers, state }) => {
      await room.says('g1', 'VisitStarted')
      await settled()
      assert.equal(state('g1'), ['WM-Recognized', 'strong'])
      assert.equal(
        answers('g1').map(({ rule }) => rule),
        ['strong', 'fair', 'weak'],
      )
      assert.equal(
        room.store.scores().map(({ rule, made }) => [rule, made]),
        [['strong', 1]],
      )
    })
  },
)

rules('[I12] an answer that comes after somebody signed in is dropped as stale', async () => {
  const slow = `const until = Date.now() + 200; while (Date.now() < until); return { identityId: 'pat', confidence: 1 }`
  const source = `export const rules = [${ruleText('slow', slow)}]`
  await withRules({ source }, async ({ room, settled, state, answers }) => {
    await room.says('g1', 'VisitStarted')
    // The rule is being asked by then, or will be with a visitor who is no longer Anonymous: both end the same.
    await room.record('g1', signIn('sam'))
    await settled()
    assert.equal(state('g1'), ['Authenticated', 'sam'])
    assert.ok(answers('g1').length <= 1)
    assert.equal(room.store.scores(), [])
  })
})

rules('[I12] whom an agent rejected here is not assumed again', async () => {
  await withRules(
    { source: assumesPat(`on: ['visit.opened', 'Viewed'],`) },
    async ({ room, settled, state }) => {
      await room.record('g1', event('VisitStarted'), came())
      await settled()
      await room.record('g1', { type: 'reject', identityId: 'pat', agentId: 'a', ifSeq: null })
      assert.equal(state('g1'), ['Anonymous', null])
      await room.says('g1', 'Viewed')
      await settled()
      assert.equal(state('g1'), ['Anonymous', null])
    },
  )
})

rules('a rule that has nothing to say leaves no entry', async () => {
  const source = `export const rules = [${ruleText('mute', 'return null')}]`
  await withRules({ source }, async ({ room, settled, answers, rules: running }) => {
    await room.says('g1', 'VisitStarted')
    await settled()
    assert.equal(answers('g1'), [])
    assert.equal([running.stats().rulesAsked, running.stats().rulesAnswered], [1, 0])
  })
})

rules('a rule that fails is switched off; acknowledgements and the other rules do not notice', async () => {
  const good = ruleText('good', `return { identityId: 'pat', confidence: 0.5 }`)
  const source = `export const rules = [${ruleText('bad', 'throw new Error("no idea")')}, ${good}]`
  await withRules({ source }, async ({ room, settled, state, rules: running, lines }) => {
    await room.says('g1', 'VisitStarted')
    await room.says('g2', 'VisitStarted', { visit: 'w' })
    await settled()
    assert.equal(state('g1'), ['WM-Recognized', 'pat'])
    assert.equal(state('g2'), ['WM-Recognized', 'pat'])
    assert.is(running.stats().rulesOff, 1)
    assert.equal(
      running.inForce().map(({ name, state: standing, reason }) => [name, standing, reason]),
      [
        ['bad', 'off', 'it threw: no idea'],
        ['good', 'running', null],
      ],
    )
    assert.is(lines.filter(({ level }) => level === 'error').length, 1)
  })
})

rules(
  'what waits is bounded: as many as the limit are asked, one more is dropped, counted and said',
  async () => {
    const source = assumesPat(`on: ['Viewed'],`)
    for (const [events, dropped] of [
      [3, 0],
      [4, 1],
    ] as const) {
      await withRules({ source, waitingMax: 3 }, async ({ room, settled, rules: running, lines }) => {
        await room.record('g1', ...Array.from({ length: events }, () => event('Viewed')))
        await settled()
        assert.is(running.stats().rulesDropped, dropped)
        assert.is(lines.filter(({ message }) => message.includes('not asked')).length, dropped * 2)
      })
    }
  },
)

rules('events that carry nothing to look up do not even wait', async () => {
  const items = ['shipped:linkedByVisit', 'shipped:profileMatch']
  await withRules({ items, waitingMax: 2 }, async ({ room, settled, rules: running }) => {
    const plain = Array.from({ length: 10 }, () => event('Viewed', { data: { sku: 'bell' } }))
    const told = [{ email: 'pat@example.com' }, { phone: '+4930123456' }].map((data) =>
      event('Asked', { data }),
    )
    await room.record('g1', ...plain, ...told)
    await settled()
    assert.is(running.stats().rulesDropped, 0)
    await room.record(
      'g1',
      ...plain,
      ...told.map(({ words: { data } }) => event('Asked', { data })),
      event('Linked', { data: { linkedVisitID: 'v0' } }),
    )
    await settled()
    assert.is(running.stats().rulesDropped, 1)
  })
})

rules('replay runs no rule: a visitor is told again from the answers that were kept', async () => {
  const once = `globalThis.times = (globalThis.times ?? 0) + 1; return { identityId: 'pat' + globalThis.times, confidence: 0.5 }`
  const source = `export const rules = [${ruleText('once', once)}]`
  await withRules({ source }, async ({ room, settled, state, rules: running }) => {
    await room.says('g1', 'VisitStarted')
    await settled()
    assert.equal(findingsIn(room.store), [], 'replayed: the same state')
    assert.is(running.stats().rulesAsked, 1)
    assert.equal(state('g1'), ['WM-Recognized', 'pat1'])
  })
})

rules('without rules nothing is asked, and scores of engines are shown all the same', async () => {
  await withRules({}, async ({ room, settled, rules: running }) => {
    await room.record('g1', event('VisitStarted'), {
      type: 'assume',
      identityId: 'pat',
      confidence: 0.5,
      halfLifeMs: null,
      rule: 'engine',
      version: 0,
      evidence: null,
    })
    await settled()
    assert.equal(
      running.inForce().map(({ name, version, state, made }) => [name, version, state, made]),
      [['engine', 0, 'elsewhere', 1]],
    )
  })
})

rules.run()
