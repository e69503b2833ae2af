/** What rules and engines assume (I10 to I12), how sure one is, and how a visitor is treated. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { DEFAULT_SETTINGS } from '../../machines/entries.ts'
import { confidenceAt, guardNames } from '../../machines/guards.ts'
import { answer, DAY, HOUR, MINUTE, only, type Story, startStory } from '../helpers/visitor-story.ts'

const assumed = suite('an identity assumed')

function visiting(known: (story: Story) => unknown = () => {}): Story {
  const story = startStory()
  story.says('VisitStarted')
  known(story)
  return story
}

const ruleAnswer = (identityId: string, confidence: number, basedOnSeq: number) =>
  ({
    type: 'rule.answered',
    rule: 'same-device',
    version: 1,
    inputs: null,
    answer: { identityId, confidence, halfLifeMs: null, evidence: null },
    basedOnSeq,
  }) as const

assumed('[I10] an assumption where nobody is known: wmRecognized, a link, a contact row', () => {
  const story = visiting()
  const facts = story.assumes('anna', 0.6, HOUR)
  assert.is(answer(facts), 'applied')
  assert.is(story.states.identity, 'wmRecognized')
  const { identityId, confidence, asOf, halfLifeMs } = story.who
  assert.equal([identityId, confidence, asOf, halfLifeMs], ['anna', 0.6, story.now, HOUR])
  assert.is(story.book.links.get('1/anna'), 'WM-Recognized')
  const [row] = story.book.contacts
  assert.equal([row?.scope, row?.how, row?.sessionId], ['WM-Recognized', 'rule', null])
  const [change] = only(facts, 'identity.changed')
  assert.equal(change?.cause, { kind: 'rule', rule: 'same-device' })
  assert.is(change?.interaction, 'verify')
})

assumed('[I10] with no visit open it is not applied: noVisit', () => {
  const story = startStory()
  assert.is(answer(story.assumes('anna', 0.9)), 'noVisit')
  assert.is(answer(story.hears(ruleAnswer('anna', 0.9, 0))), 'noVisit')
  assert.equal(story.states, { visit: 'away', identity: 'anonymous' })
})

assumed('[I10] it holds in leaving too', () => {
  const story = visiting((soon) => soon.says('AddToCart', { final: true }))
  assert.is(story.states.visit, 'leaving')
  assert.is(answer(story.assumes('anna', 0.6)), 'applied')
})

assumed('[I11] only a surer one replaces it; the same confidence does not', () => {
  for (const identityId of ['anna', 'bert']) {
    const story = visiting((before) => before.assumes('anna', 0.6))
    assert.is(answer(story.assumes(identityId, 0.5)), 'lessConfident')
    assert.is(answer(story.assumes(identityId, 0.6)), 'lessConfident')
    assert.equal([story.who.identityId, story.who.confidence], ['anna', 0.6])
    assert.is(answer(story.assumes(identityId, 0.61)), 'applied')
    assert.equal([story.who.identityId, story.who.confidence], [identityId, 0.61])
  }
})

assumed('[I11] it is compared with what is left of the confidence by then', () => {
  const story = visiting((before) => before.assumes('anna', 0.8, 10 * MINUTE))
  story.passes(10 * MINUTE)
  assert.is(answer(story.assumes('bert', 0.4)), 'lessConfident')
  assert.is(answer(story.assumes('bert', 0.401)), 'applied')
})

assumed('[I11] the same person assumed surer is not announced, another is; their link stays', () => {
  const story = visiting((before) => before.assumes('anna', 0.6))
  const same = story.assumes('anna', 0.7)
  assert.equal(only(same, 'identity.changed'), [])
  assert.equal(only(same, 'contact.added'), [])
  const other = story.assumes('bert', 0.8)
  assert.equal(only(other, 'identity.changed')[0]?.previous, { state: 'wmRecognized', identityId: 'anna' })
  assert.is(story.book.links.get('1/anna'), 'WM-Recognized')
  assert.is(story.book.links.get('1/bert'), 'WM-Recognized')
})

for (const [reason, known] of [
  ['outranked', (story: Story) => story.signsIn('anna')],
  ['outranked', (story: Story) => story.says('UserInfo', { identityId: 'anna' })],
  ['outranked', (story: Story) => story.confirms('anna')],
] as const) {
  const { identity } = visiting(known).states
  assumed(`[I12] an assumption changes nothing where more is known, and says so: ${identity}`, () => {
    const story = visiting(known)
    const before = story.context
    for (const identityId of ['anna', 'bert']) {
      assert.is(answer(story.assumes(identityId, 1)), reason)
      assert.is(story.context, before)
    }
  })
}

assumed('[I12] whoever was rejected here is not assumed again, anybody else is', () => {
  const story = visiting((before) => before.assumes('anna', 0.6))
  story.rejects('anna')
  assert.is(answer(story.assumes('anna', 1)), 'rejectedHere')
  assert.is(answer(story.assumes('bert', 0.1)), 'applied')
  assert.is(answer(story.assumes('anna', 1)), 'rejectedHere')
})

assumed(
  '[I12] the answer of a rule counts like an assumption, unless the identity changed since it was asked',
  () => {
    const story = visiting()
    const asked = story.seq
    assert.is(answer(story.hears(ruleAnswer('anna', 0.6, asked))), 'applied')
    assert.is(answer(story.hears(ruleAnswer('bert', 0.9, asked))), 'stale')
    assert.is(answer(story.hears({ ...ruleAnswer('bert', 0.9, story.seq), answer: null })), 'noAnswer')
    assert.is(story.who.identityId, 'anna')
    assert.is(answer(story.hears(ruleAnswer('bert', 0.9, story.seq))), 'applied')
  },
)

assumed('[I10] which guards held is told with each decision', () => {
  const story = visiting((before) => before.assumes('anna', 0.6))
  const [considered] = only(story.assumes('anna', 0.9), 'considered')
  assert.equal(guardNames(considered?.guards ?? 0), ['namesCurrent', 'mayRecognize', 'isMoreConfident'])
})

assumed('[I11] a confidence halves every half-life, to three decimals; without one it stays', () => {
  const story = visiting((before) => before.assumes('anna', 0.8, HOUR))
  const { who, now } = story
  assert.is(confidenceAt(who, now), 0.8)
  assert.is(confidenceAt(who, now + HOUR), 0.4)
  assert.is(confidenceAt(who, now + 2 * HOUR), 0.2)
  assert.is(confidenceAt(who, now + HOUR / 2), 0.566)
  assert.is(confidenceAt({ ...who, halfLifeMs: null }, now + HOUR), 0.8)
  assert.is(confidenceAt(startStory().who, now), 0)
})

assumed('[I13] a site may treat each footing otherwise; a change of treatment alone is announced', () => {
  const interaction = {
    ...DEFAULT_SETTINGS.interaction,
    anonymous: 'verify',
    recognized: 'identified',
  } as const
  const story = startStory({ interaction })
  story.says('VisitStarted')
  const [change] = only(story.says('UserInfo', { identityId: 'anna' }), 'identity.changed')
  assert.is(change?.interaction, 'identified')
  assert.equal(only(story.confirms('anna'), 'identity.changed'), [], 'the same person, treated the same')

  const usual = visiting((before) => before.says('UserInfo', { identityId: 'anna' }))
  const [announced] = only(usual.confirms('anna'), 'identity.changed')
  assert.equal([announced?.state, announced?.interaction], ['recognized', 'identified'])
})

assumed(
  '[I10] an assumption waits to be decided: the first sign-in or verdict says whether the rule was right',
  () => {
    const decided = (decide: (story: Story) => ReturnType<Story['says']>) => {
      const story = visiting((before) => before.assumes('anna', 0.6))
      return only(decide(story), 'assumption.decided').map(({ hit, undone }) => [hit, undone])
    }
    assert.equal(
      decided((story) => story.signsIn('anna')),
      [[true, false]],
    )
    assert.equal(
      decided((story) => story.signsIn('bert')),
      [[false, false]],
    )
    assert.equal(
      decided((story) => story.confirms('anna')),
      [[true, false]],
    )
    assert.equal(
      decided((story) => story.rejects('anna')),
      [[false, false]],
    )
    assert.equal(
      decided((story) => story.says('UserInfo', { identityId: 'anna' })),
      [],
    )
  },
)

assumed('[I10] also in a later visit, but not for longer than a month', () => {
  const after = (days: number) => {
    const story = visiting((before) => before.assumes('anna', 0.6))
    story.passes(days * DAY)
    return only(story.signsIn('anna', { visit: 'v2' }), 'assumption.decided').length
  }
  assert.is(after(30), 1)
  assert.is(after(31), 0)
})

assumed('[I17] a verdict that is taken back decides no assumption: it waits again', () => {
  const story = visiting((before) => before.assumes('anna', 0.6))
  story.rejects('anna')
  const facts = story.retracts(story.seq)
  assert.equal(
    only(facts, 'assumption.decided').map(({ hit, undone }) => [hit, undone]),
    [[false, true]],
  )
  assert.equal(
    only(story.signsIn('anna'), 'assumption.decided').map(({ hit }) => hit),
    [true],
  )
})

assumed.run()
