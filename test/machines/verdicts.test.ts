/** What agents decide, and take back (I13 to I15, I17). */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { answer, MINUTE, only, SECOND, type Story, startStory } from '../helpers/visitor-story.ts'

const verdicts = suite('a verdict')

function visiting(known: (story: Story) => unknown = () => {}): Story {
  const story = startStory()
  story.says('VisitStarted')
  known(story)
  return story
}

const wm = (identityId: string) => (story: Story) => story.assumes(identityId, 0.6, MINUTE)
const byInfo = (identityId: string) => (story: Story) => story.says('UserInfo', { identityId })
const byAgent = (identityId: string) => (story: Story) => story.confirms(identityId)
const signedIn = (identityId: string) => (story: Story) => story.signsIn(identityId)
const signedOut = (identityId: string) => (story: Story) => {
  story.signsIn(identityId)
  story.says('SignOut')
}

const whoIs = ({ who }: Story) => [who.state, who.identityId, who.how]

for (const known of [() => {}, wm('anna'), wm('bert'), byInfo('anna'), byInfo('bert'), byAgent('bert')]) {
  verdicts(
    `[I13] confirm decides: recognised, confidence 1, from ${whoIs(visiting(known)).join(' ')}`,
    () => {
      const story = visiting(known)
      const rows = story.book.contacts.length
      const facts = story.confirms('anna')
      assert.is(answer(facts), 'applied')
      assert.equal(whoIs(story), ['recognized', 'anna', 'agent'])
      assert.equal([story.who.confidence, story.who.halfLifeMs], [1, null])
      assert.is(story.book.links.get('1/anna'), 'Recognized')
      assert.is(story.book.contacts.length, rows + 1)
      assert.is(story.book.contacts.at(-1)?.how, 'agent')
      const [change] = only(facts, 'identity.changed')
      assert.equal(change?.cause, { kind: 'agent', agentId: 'agent-1' })
      assert.is(change?.interaction, 'identified')
    },
  )
}

verdicts('[I13] it lifts a rejection of that person', () => {
  const story = visiting(wm('anna'))
  story.rejects('anna')
  const facts = story.confirms('anna')
  assert.equal(only(facts, 'rejection.lifted'), [{ type: 'rejection.lifted', identityId: 'anna' }])
  assert.equal(story.context.rejected, [])
})

for (const known of [wm('anna'), byInfo('anna'), byAgent('anna'), signedOut('anna')]) {
  verdicts(
    `[I14] reject: anonymous, and rejected on this visitor, from ${whoIs(visiting(known)).join(' ')}`,
    () => {
      const story = visiting(known)
      const facts = story.rejects('anna')
      assert.is(answer(facts), 'applied')
      assert.equal(whoIs(story), ['anonymous', null, null])
      assert.equal(only(facts, 'rejection.kept'), [{ type: 'rejection.kept', identityId: 'anna' }])
      assert.equal(only(facts, 'identity.changed')[0]?.previous.identityId, 'anna')
      story.says('UserInfo', { identityId: 'anna' })
      assert.is(answer(story.assumes('anna', 1)), 'rejectedHere')
      assert.is(story.states.identity, 'anonymous')
      story.says('VisitStarted', { visit: 'v2' })
      assert.is(answer(story.assumes('anna', 1)), 'rejectedHere', 'in every visit')
    },
  )
}

verdicts('[I14] it takes the link back, but not from one who signed in during the visit', () => {
  const info = visiting(byInfo('anna'))
  info.rejects('anna')
  assert.is(info.book.links.get('1/anna'), null)
  const signed = visiting(signedOut('anna'))
  signed.rejects('anna')
  assert.is(signed.book.links.get('1/anna'), 'Recognized')
})

verdicts('[I14] until SignIn or confirm of that person here', () => {
  const signs = visiting(wm('anna'))
  signs.rejects('anna')
  signs.signsIn('anna')
  signs.says('SignOut')
  signs.rejects('anna')
  signs.confirms('anna')
  assert.equal(signs.context.rejected, [])
})

verdicts('[I14] with no visit open it is kept all the same, also after the call', () => {
  const story = visiting(wm('anna'))
  story.passes(31 * MINUTE)
  const facts = story.rejects('anna', 1)
  assert.is(answer(facts), 'applied')
  assert.equal(only(facts, 'identity.changed'), [])
  assert.equal(story.context.rejected, ['anna'])
  assert.is(answer(startStory().rejects('anna')), 'applied')
})

verdicts('[I14] it says nothing of another whom an agent confirmed in this visit', () => {
  const story = visiting(byAgent('bert'))
  signedOut('anna')(story)
  story.rejects('anna')
  story.says('UserInfo', { identityId: 'carl' })
  assert.is(story.states.identity, 'anonymous')
})

verdicts('[I15] with no visit open confirm is a conflict', () => {
  const story = visiting(wm('anna'))
  story.passes(31 * MINUTE)
  const before = story.context
  assert.is(answer(story.confirms('anna')), 'conflict')
  assert.is(story.context, before)
})

verdicts('[I15] no verdict where somebody is signed in', () => {
  const story = visiting(signedIn('anna'))
  const before = story.context
  assert.is(answer(story.confirms('anna')), 'conflict')
  assert.is(answer(story.confirms('bert')), 'conflict')
  assert.is(answer(story.rejects('anna')), 'conflict')
  assert.is(answer(story.rejects('bert')), 'conflict')
  assert.is(story.context, before)
})

for (const known of [() => {}, wm('anna'), byInfo('anna')]) {
  verdicts(
    `[I15] reject of one who is not the current identity, from ${whoIs(visiting(known)).join(' ')}`,
    () => {
      const story = visiting(known)
      const before = story.context
      assert.is(answer(story.rejects('bert')), 'conflict')
      assert.is(story.context, before)
    },
  )
}

verdicts('[I15] no verdict on what changed after the agent looked', () => {
  const story = visiting(wm('anna'))
  const seen = story.seq
  story.says('AddToCart')
  assert.is(answer(story.rejects('anna', seen)), 'applied', 'other entries are no change of identity')
  story.assumes('bert', 0.5)
  assert.is(answer(story.rejects('bert', seen)), 'conflict')
  assert.is(answer(story.confirms('bert', seen)), 'conflict')
  assert.is(answer(story.confirms('bert', story.seq)), 'applied')
})

verdicts('[I15] an assumption that only became surer is no change', () => {
  const story = visiting(wm('anna'))
  const seen = story.seq
  story.assumes('anna', 0.9)
  assert.is(answer(story.confirms('anna', seen)), 'applied')
})

verdicts('[I15] a reopened visit is a change', () => {
  const story = visiting(byInfo('anna'))
  story.says('AddToCart', { final: true })
  story.passes(30 * SECOND)
  const seen = story.seq
  story.says('AddToCart')
  assert.is(answer(story.confirms('anna', seen)), 'conflict')
})

verdicts.run()
