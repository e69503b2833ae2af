/** What SignIn, SignOut and UserInfo make known (I1 to I9). */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { Fact } from '../../machines/facts.ts'
import { only, SECOND, type Story, startStory } from '../helpers/visitor-story.ts'

const said = suite('an identity said')

function visiting(known: (story: Story) => unknown = () => {}): Story {
  const story = startStory()
  story.says('VisitStarted')
  known(story)
  story.passes(SECOND)
  return story
}

const wm = (identityId: string) => (story: Story) => story.assumes(identityId, 0.6)
const byInfo = (identityId: string) => (story: Story) => story.says('UserInfo', { identityId })
const byAgent = (identityId: string) => (story: Story) => story.confirms(identityId)
const signedIn = (identityId: string) => (story: Story) => story.signsIn(identityId)
const signedOut = (identityId: string) => (story: Story) => {
  story.signsIn(identityId)
  story.says('SignOut')
}

const ASIDE = ['considered', 'assumption.decided']

/** The facts that say something of who is there; which guards held, and whether a rule was right, is another matter. */
const types = (facts: readonly Fact[]) =>
  facts.map(({ type }) => type).filter((type) => !ASIDE.includes(type))

const FROM = {
  anonymous: () => {},
  'wmRecognized, the same': wm('anna'),
  'wmRecognized, another': wm('bert'),
  'recognized, the same': byInfo('anna'),
  'recognized, another': byInfo('bert'),
  'recognized by an agent, another': byAgent('bert'),
  'signed out, the same': signedOut('anna'),
}

for (const [from, known] of Object.entries(FROM)) {
  said(`[I1] SignIn from ${from}: a session, a link, a contact row, authenticated with confidence 1`, () => {
    const story = visiting(known)
    const sessions = story.book.sessions.length
    const facts = story.signsIn('anna')
    assert.equal(types(facts), [
      'session.opened',
      'link.changed',
      'contact.added',
      'profile.learned',
      'identity.changed',
    ])
    assert.is(story.states.identity, 'authenticated')
    assert.is(story.who.identityId, 'anna')
    assert.is(story.who.confidence, 1)
    assert.is(story.book.links.get('1/anna'), 'Authenticated')
    assert.is(story.book.sessions.length, sessions + 1)
    const row = story.book.contacts.at(-1)
    assert.equal(
      [row?.visit, row?.identityId, row?.scope, row?.how, row?.sessionId],
      [1, 'anna', 'Authenticated', 'SignIn', `session-${story.seq}`],
    )
    const [change] = only(facts, 'identity.changed')
    assert.is(change?.interaction, 'identified')
    assert.is(change?.sessionId, `session-${story.seq}`)
    assert.equal(change?.cause, { kind: 'event', eventID: `e${story.seq}`, eventName: 'SignIn' })
  })
}

said('[I1] SignIn lifts the rejection of that person, and of nobody else', () => {
  const story = visiting(byInfo('anna'))
  story.rejects('anna')
  byInfo('bert')(story)
  story.rejects('bert')
  const facts = story.signsIn('anna')
  assert.equal(only(facts, 'rejection.lifted'), [{ type: 'rejection.lifted', identityId: 'anna' }])
  assert.equal(story.context.rejected, ['bert'])
})

said('[I2] SignIn of the one who is signed in: profile, the same session, nothing announced', () => {
  const story = visiting(signedIn('anna'))
  const { session } = story.visit ?? {}
  const facts = story.signsIn('anna', { proven: true })
  assert.equal(types(facts), ['profile.learned'])
  assert.is(only(facts, 'profile.learned')[0]?.proven, true)
  assert.is(story.visit?.session, session)
  assert.is(story.book.contacts.length, 1)
})

said(
  "[I3] another customer's SignIn ends the session as switched, and opens another; both stay linked",
  () => {
    const story = visiting(signedIn('anna'))
    const facts = story.signsIn('bert')
    const [first, second] = story.book.sessions
    assert.equal([first?.reason, first?.endedAt], ['switched', story.now])
    assert.equal([second?.identityId, second?.endedAt], ['bert', 0])
    assert.is(story.book.links.get('1/anna'), 'Recognized')
    assert.is(story.book.links.get('1/bert'), 'Authenticated')
    const changes = only(facts, 'identity.changed')
    assert.is(changes.length, 1)
    assert.equal(changes[0]?.previous, { state: 'authenticated', identityId: 'anna' })
    assert.is(story.book.contacts.length, 2)
  },
)

said('[I4] SignOut ends the session; who was signed in is recognised, with a contact row', () => {
  const story = visiting(signedIn('anna'))
  const facts = story.says('SignOut')
  assert.equal(types(facts), ['session.closed', 'link.changed', 'contact.added', 'identity.changed'])
  assert.equal(
    [story.states.identity, story.who.identityId, story.who.confidence],
    ['recognized', 'anna', 0.9],
  )
  assert.is(story.book.sessions[0]?.reason, 'signedOut')
  const row = story.book.contacts.at(-1)
  assert.equal([row?.scope, row?.how, row?.sessionId], ['Recognized', 'SignOut', 'session-2'])
  const [change] = only(facts, 'identity.changed')
  assert.equal(change?.cause, { kind: 'event', eventID: 'e3', eventName: 'SignOut' })
  assert.equal([change?.interaction, change?.sessionId], ['verify', null])
})

said('[I4] browsing goes on being recorded after it, in no session', () => {
  const story = visiting(signedOut('anna'))
  story.says('AddToCart')
  assert.is(story.states.visit, 'browsing')
  assert.is(story.visit?.session, null)
})

for (const known of [() => {}, wm('anna'), byInfo('anna'), byAgent('anna'), signedOut('anna')]) {
  said(`[I5] SignOut where nobody is signed in is recorded only: ${visiting(known).states.identity}`, () => {
    const story = visiting(known)
    const before = story.who
    assert.equal(types(story.says('SignOut')), [])
    assert.is(story.who, before)
  })
}

for (const [from, known] of Object.entries({
  anonymous: () => {},
  'wmRecognized, the same': wm('anna'),
  'wmRecognized, another': wm('bert'),
  'recognized, another': byInfo('bert'),
  'signed out, another': signedOut('bert'),
})) {
  said(`[I6] UserInfo from ${from}: recognised with 0.8, a link and a contact row`, () => {
    const story = visiting(known)
    const facts = story.says('UserInfo', { identityId: 'anna' })
    assert.equal(types(facts), ['link.changed', 'contact.added', 'profile.learned', 'identity.changed'])
    assert.equal(
      [story.states.identity, story.who.identityId, story.who.confidence],
      ['recognized', 'anna', 0.8],
    )
    assert.is(story.book.links.get('1/anna'), 'Recognized')
    assert.is(story.book.contacts.at(-1)?.how, 'UserInfo')
    assert.is(only(facts, 'identity.changed')[0]?.interaction, 'verify')
  })
}

said('[I6] not where an agent confirmed another identity in this visit', () => {
  const story = visiting(byAgent('bert'))
  assert.equal(types(story.says('UserInfo', { identityId: 'anna' })), [])
  story.signsIn('carl')
  story.says('SignOut')
  assert.equal(types(story.says('UserInfo', { identityId: 'anna' })), [], 'also after somebody signed in')
  assert.is(story.who.identityId, 'carl')
})

said('[I6] a confirmation of the visit before says nothing of the next', () => {
  const story = visiting(byAgent('bert'))
  story.says('VisitStarted', { visit: 'v2' })
  story.says('UserInfo', { visit: 'v2', identityId: 'anna' })
  assert.is(story.who.identityId, 'anna')
})

said('[I6] not where that person was rejected on this visitor, in whatever visit', () => {
  const story = visiting(byInfo('anna'))
  story.rejects('anna')
  assert.equal(types(story.says('UserInfo', { identityId: 'anna' })), [])
  story.says('VisitStarted', { visit: 'v2' })
  assert.equal(types(story.says('UserInfo', { visit: 'v2', identityId: 'anna' })), [])
  assert.is(story.states.identity, 'anonymous')
})

for (const known of [byInfo('anna'), byAgent('anna'), signedIn('anna'), signedOut('anna')]) {
  const from = visiting(known).states.identity
  said(`[I7] UserInfo of the one who is there, or without an id, tells their profile: ${from}`, () => {
    const story = visiting(known)
    const before = story.who
    for (const identityId of ['anna', null]) {
      const facts = story.says('UserInfo', { identityId })
      assert.equal(types(facts), ['profile.learned'])
      assert.is(only(facts, 'profile.learned')[0]?.identityId, 'anna')
    }
    assert.is(story.who, before)
  })
}

for (const known of [() => {}, wm('anna')]) {
  said(
    `[I7] without an id, where nobody is known, it is recorded only: ${visiting(known).states.identity}`,
    () => {
      const story = visiting(known)
      assert.equal(types(story.says('UserInfo')), [])
    },
  )
}

said('[I8] UserInfo of another than the one signed in is recorded, nothing else', () => {
  const story = visiting(signedIn('anna'))
  const before = story.context.who
  assert.equal(types(story.says('UserInfo', { identityId: 'bert' })), [])
  assert.is(story.who, before)
  assert.is(story.book.links.has('1/bert'), false)
})

said("[I9] UserInfo that names a visit means that visit's identity, no surer than that one", () => {
  const story = visiting()
  story.says('UserInfo', { looked: { identityId: 'anna', confidence: 0.5 } })
  assert.equal([story.who.identityId, story.who.confidence], ['anna', 0.5])
  const surer = visiting()
  surer.says('UserInfo', { looked: { identityId: 'anna', confidence: 0.9 } })
  assert.is(surer.who.confidence, 0.8)
})

said('[I9] an id of its own outranks the visit it names', () => {
  const story = visiting()
  story.says('UserInfo', { identityId: 'anna', looked: { identityId: 'bert', confidence: 0.5 } })
  assert.equal([story.who.identityId, story.who.confidence], ['anna', 0.8])
})

said('[I9] it is subject to I6, I7 and I8 like any other', () => {
  const looked = { identityId: 'anna', confidence: 0.9 }
  const rejected = visiting(byInfo('anna'))
  rejected.rejects('anna')
  assert.equal(types(rejected.says('UserInfo', { looked })), [])
  assert.equal(types(visiting(signedIn('anna')).says('UserInfo', { looked })), ['profile.learned'])
  assert.equal(types(visiting(signedIn('bert')).says('UserInfo', { looked })), [])
})

for (const known of [() => {}, wm('bert'), byInfo('bert'), signedIn('bert')]) {
  said(
    `[I9] a visit that says nobody is recorded only, whoever is there: ${visiting(known).states.identity}`,
    () => {
      const story = visiting(known)
      const before = story.who
      const facts = story.says('UserInfo', { looked: { identityId: null, confidence: 0 } })
      assert.equal(types(facts), [])
      assert.is(story.who, before)
    },
  )
}

said('[E3] a visit is opened before its event decides who it is: facts come in that order', () => {
  const facts = startStory().signsIn('anna')
  assert.equal(
    facts.map(({ type }) => type),
    [
      'visit.opened',
      'considered',
      'session.opened',
      'link.changed',
      'contact.added',
      'profile.learned',
      'identity.changed',
    ],
  )
})

said.run()
