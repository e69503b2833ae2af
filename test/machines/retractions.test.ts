/** What it means to take a verdict back (I17), in whatever order, and what an erasure leaves of verdicts (Q12). */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { answer, MINUTE, only, SECOND, type Story, startStory } from '../helpers/visitor-story.ts'

const retractions = suite('a retraction')

function visiting(known: (story: Story) => unknown = () => {}): Story {
  const story = startStory()
  story.says('VisitStarted')
  known(story)
  return story
}

const wm = (identityId: string) => (story: Story) => story.assumes(identityId, 0.6, MINUTE)
const byInfo = (identityId: string) => (story: Story) => story.says('UserInfo', { identityId })

/** The number of a verdict, once it was given. */
function confirmed(story: Story, identityId: string): number {
  assert.is(answer(story.confirms(identityId)), 'applied')
  return story.seq
}
function rejected(story: Story, identityId: string): number {
  assert.is(answer(story.rejects(identityId)), 'applied')
  return story.seq
}
function closesAndReopens(story: Story): void {
  story.says('AddToCart', { final: true })
  story.passes(30 * SECOND)
  assert.is(story.states.visit, 'away')
  story.says('AddToCart')
  assert.is(story.states.visit, 'browsing')
}

const whoIs = ({ who }: Story) => [who.state, who.identityId, who.how]

for (const known of [() => {}, wm('bert'), wm('anna'), byInfo('bert'), byInfo('anna')]) {
  retractions(
    `[I17] of the confirm that decided: what was before, ${whoIs(visiting(known)).join(' ')}`,
    () => {
      const story = visiting(known)
      const { since: _since, changedSeq: _seq, ...before } = story.who
      const link = story.book.links.get('1/bert')
      const seq = confirmed(story, 'anna')
      const facts = story.retracts(seq)
      assert.is(answer(facts), 'applied')
      const { since: _later, changedSeq: _next, ...after } = story.who
      assert.equal(after, before)
      assert.is(story.states.identity, before.state)
      assert.is(story.book.links.get('1/bert'), link)
      assert.is(only(facts, 'identity.changed').length, 1)
      assert.is(story.visit?.confirmed, null)
      assert.equal(
        story.book.contacts.filter(({ retracted }) => retracted).map((row) => row.seq),
        [seq],
      )
    },
  )
}

retractions('[I17] of the reject that decided: who was there is there again, and not rejected', () => {
  const story = visiting(byInfo('anna'))
  const facts = story.retracts(rejected(story, 'anna'))
  assert.equal(whoIs(story), ['recognized', 'anna', 'UserInfo'])
  assert.equal(only(facts, 'rejection.lifted').length, 1)
  assert.equal(story.context.rejected, [])
  assert.is(story.book.links.get('1/anna'), 'Recognized')
})

retractions('[I17] twice, or of what is no verdict, is a conflict', () => {
  const story = visiting()
  const seq = confirmed(story, 'anna')
  story.retracts(seq)
  const { context } = story
  assert.is(answer(story.retracts(seq)), 'conflict')
  assert.is(answer(story.retracts(1)), 'conflict')
  assert.is(answer(story.retracts(99)), 'conflict')
  assert.is(story.context, context)
  assert.is(answer(startStory().retracts(1)), 'conflict')
})

retractions('[I17] where the identity has moved on, only the rejection or the rows are undone', () => {
  const story = visiting(wm('anna'))
  const reject = rejected(story, 'anna')
  const confirm = confirmed(story, 'bert')
  story.signsIn('carl')
  story.says('SignOut')
  const before = whoIs(story)
  story.retracts(reject)
  assert.equal(story.context.rejected, [])
  story.retracts(confirm)
  assert.equal(whoIs(story), before)
  assert.is(story.book.contacts.find(({ seq }) => seq === confirm)?.retracted, true)
})

retractions('[I17] a confirm that was taken back no longer stands in the way of UserInfo', () => {
  const story = visiting()
  const seq = confirmed(story, 'anna')
  story.signsIn('bert')
  story.says('SignOut')
  story.retracts(seq)
  story.says('UserInfo', { identityId: 'carl' })
  assert.equal(whoIs(story), ['recognized', 'carl', 'UserInfo'])
})

retractions('[I17] after the visit it undoes the rejection, and decides nothing', () => {
  const story = visiting(wm('anna'))
  const seq = rejected(story, 'anna')
  story.passes(31 * MINUTE)
  assert.is(answer(story.retracts(seq)), 'applied')
  assert.equal(story.context.rejected, [])
  assert.is(story.states.identity, 'anonymous')
})

retractions('[I17] in another visit it does not bring back who was there before', () => {
  const story = visiting(wm('anna'))
  const seq = rejected(story, 'anna')
  story.passes(31 * MINUTE)
  story.says('VisitStarted', { visit: 'v2' })
  const confirm = confirmed(story, 'bert')
  story.retracts(seq)
  assert.equal(whoIs(story), ['recognized', 'bert', 'agent'])
  story.retracts(confirm)
  assert.equal(whoIs(story), ['anonymous', null, null])
})

retractions('[I17] a reopened visit is as before: the verdict that decided it still does', () => {
  const confirm = visiting(byInfo('bert'))
  const confirmSeq = confirmed(confirm, 'anna')
  closesAndReopens(confirm)
  assert.equal(whoIs(confirm), ['recognized', 'anna', 'agent'])
  confirm.retracts(confirmSeq)
  assert.equal(whoIs(confirm), ['recognized', 'bert', 'UserInfo'])

  const reject = visiting(byInfo('anna'))
  const rejectSeq = rejected(reject, 'anna')
  closesAndReopens(reject)
  reject.retracts(rejectSeq)
  assert.equal(whoIs(reject), ['recognized', 'anna', 'UserInfo'])
})

retractions('[I17] also where the event that reopened the visit decided anew: that stands', () => {
  const story = visiting(byInfo('bert'))
  const seq = confirmed(story, 'anna')
  story.says('AddToCart', { final: true })
  story.passes(30 * SECOND)
  story.signsIn('carl')
  assert.is(answer(story.retracts(seq)), 'applied')
  assert.equal(whoIs(story), ['authenticated', 'carl', 'SignIn'])
})

retractions('[I17] one after the other, latest first: back step by step', () => {
  const story = visiting(byInfo('anna'))
  const bert = confirmed(story, 'bert')
  const carl = confirmed(story, 'carl')
  const no = rejected(story, 'carl')
  story.retracts(no)
  assert.equal(whoIs(story), ['recognized', 'carl', 'agent'])
  assert.is(story.visit?.confirmed, 'carl')
  story.retracts(carl)
  assert.equal(whoIs(story), ['recognized', 'bert', 'agent'])
  assert.is(story.visit?.confirmed, 'bert')
  story.retracts(bert)
  assert.equal(whoIs(story), ['recognized', 'anna', 'UserInfo'])
  assert.is(story.visit?.confirmed, null)
})

retractions('[I17] earliest first: nobody comes back whose confirm was taken back', () => {
  const story = visiting(wm('anna'))
  const confirm = confirmed(story, 'bert')
  const no = rejected(story, 'bert')
  story.retracts(confirm)
  assert.is(story.states.identity, 'anonymous')
  story.retracts(no)
  assert.equal(whoIs(story), ['wmRecognized', 'anna', 'rule'])
  assert.is(story.visit?.confirmed, null)
})

retractions('[I17] where two agents confirmed the same person, the other one still does', () => {
  for (const [taken, left] of [
    [0, 1],
    [1, 0],
  ] as const) {
    const story = visiting(byInfo('anna'))
    const seqs = [confirmed(story, 'bert'), confirmed(story, 'bert')]
    const facts = story.retracts(seqs[taken] ?? 0)
    assert.equal(only(facts, 'identity.changed'), [])
    assert.equal(whoIs(story), ['recognized', 'bert', 'agent'])
    assert.is(story.visit?.confirmed, 'bert')
    story.says('UserInfo', { identityId: 'carl' })
    assert.is(story.who.identityId, 'bert')
    story.retracts(seqs[left] ?? 0)
    assert.equal(whoIs(story), ['recognized', 'anna', 'UserInfo'])
    assert.is(story.visit?.confirmed, null)
  }
})

retractions('[I17] a rejection that was taken back does not return with the confirm that lifted it', () => {
  const story = visiting(wm('anna'))
  const no = rejected(story, 'anna')
  const yes = confirmed(story, 'anna')
  story.retracts(no)
  story.retracts(yes)
  assert.equal(story.context.rejected, [])
  const kept = visiting(wm('anna'))
  rejected(kept, 'anna')
  kept.retracts(confirmed(kept, 'anna'))
  assert.equal(kept.context.rejected, ['anna'], 'but one that stands does')
})

retractions('[I17] of two rejections of the same person the other one stands', () => {
  const story = visiting(wm('anna'))
  story.passes(31 * MINUTE)
  const seqs = [rejected(story, 'anna'), rejected(story, 'anna')]
  story.retracts(seqs[0] ?? 0)
  assert.equal(story.context.rejected, ['anna'])
  story.retracts(seqs[1] ?? 0)
  assert.equal(story.context.rejected, [])
})

retractions(
  '[I17] a rejection does not return onto one who is there by now: nothing but it would change',
  () => {
    const story = visiting(wm('anna'))
    rejected(story, 'anna')
    const yes = confirmed(story, 'anna')
    story.passes(31 * MINUTE)
    story.says('VisitStarted', { visit: 'v2' })
    story.says('UserInfo', { visit: 'v2', identityId: 'anna' })
    assert.is(answer(story.retracts(yes)), 'applied')
    assert.equal(whoIs(story), ['recognized', 'anna', 'UserInfo'])
    assert.equal(story.context.rejected, [])
    assert.is(answer(story.rejects('anna')), 'applied')
    assert.equal(story.context.rejected, ['anna'])
  },
)

retractions('[I17] a rejection that a SignIn lifted does not return', () => {
  const story = visiting(wm('anna'))
  rejected(story, 'anna')
  const yes = confirmed(story, 'anna')
  story.signsIn('anna')
  story.says('SignOut')
  story.retracts(yes)
  assert.equal(story.context.rejected, [])
  assert.equal(whoIs(story), ['recognized', 'anna', 'SignOut'])
})

retractions('[Q12] an erased person who is there is forgotten: the session ends, nobody is known', () => {
  const story = visiting((before) => before.signsIn('anna'))
  const facts = story.erases('anna', 'x1')
  assert.equal(whoIs(story), ['anonymous', null, null])
  assert.is(story.visit?.session, null)
  assert.is(story.book.sessions[0]?.reason, 'erased')
  const [change] = only(facts, 'identity.changed')
  assert.equal(change?.previous, { state: 'authenticated', identityId: 'x1' })
  assert.equal(change?.cause, { kind: 'erased' })
  assert.not.match(JSON.stringify([story.context, facts]), 'anna')
})

retractions('[Q12] an erased person is nowhere in the context, and nobody else is touched', () => {
  const story = visiting((before) => before.signsIn('anna'))
  story.says('SignOut')
  rejected(story, 'anna')
  story.says('VisitStarted', { visit: 'v2' })
  byInfo('bert')(story)
  const yes = confirmed(story, 'anna')
  confirmed(story, 'bert')
  const before = story.who
  story.erases('anna', 'x1')
  assert.equal(story.who, before)
  assert.not.match(JSON.stringify(story.context), 'anna')
  story.retracts(yes)
  assert.equal(story.context.rejected, [])
})

retractions('[Q12] no retraction brings an erased person back, nor their pseudonym', () => {
  const story = visiting(wm('anna'))
  const yes = confirmed(story, 'bert')
  story.erases('anna', 'x1')
  story.retracts(yes)
  assert.equal(whoIs(story), ['anonymous', null, null])
})

retractions.run()
