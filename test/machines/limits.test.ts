/** What a visitor remembers has limits: each at it, and one past it; and times that no browser can bend (E5). */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { OPEN_PAGES_MAX, REJECTED_MAX, SIGNED_IN_MAX, VERDICTS_MAX } from '../../machines/context.ts'
import {
  answer,
  HOUR,
  MINUTE,
  MORNING,
  only,
  SECOND,
  type Story,
  startStory,
} from '../helpers/visitor-story.ts'

const limits = suite('limits')

function visiting(): Story {
  const story = startStory()
  story.says('VisitStarted')
  return story
}

const enters = (story: Story, page: number) => story.says('PageEntered', { page: `p${page}` })

limits('[E10] a visit has as many pages open as OPEN_PAGES_MAX; one more closes the oldest', () => {
  const story = visiting()
  for (let page = 1; page <= OPEN_PAGES_MAX; page += 1) enters(story, page)
  assert.is(story.visit?.pages.length, OPEN_PAGES_MAX)
  assert.equal(
    story.book.pages.filter(({ exitedAt }) => exitedAt > 0),
    [],
  )
  story.passes(SECOND)
  const facts = enters(story, OPEN_PAGES_MAX + 1)
  assert.equal(only(facts, 'page.closed'), [
    { type: 'page.closed', ordinal: 1, visit: 1, exitedAt: story.now },
  ])
  assert.is(story.visit?.pages.length, OPEN_PAGES_MAX)
})

limits('[E10] at the limit, a page entered again closes itself and no other', () => {
  const story = visiting()
  for (let page = 1; page <= OPEN_PAGES_MAX; page += 1) enters(story, page)
  const facts = enters(story, 2)
  assert.equal(
    only(facts, 'page.closed').map(({ ordinal }) => ordinal),
    [2],
  )
  assert.is(story.visit?.pages.length, OPEN_PAGES_MAX)
})

limits('[E10] entering a page again is a new page, and leaving it closes the new one', () => {
  const story = visiting()
  enters(story, 1)
  story.passes(MINUTE)
  enters(story, 1)
  story.passes(MINUTE)
  story.says('PageExited', { page: 'p1' })
  assert.equal(
    story.book.pages.map(({ enteredAt, exitedAt }) => [enteredAt - MORNING, exitedAt - MORNING]),
    [
      [0, MINUTE],
      [MINUTE, 2 * MINUTE],
    ],
  )
  assert.equal(story.says('PageExited', { page: 'p1' }), [], 'a page that is not open closes nothing')
})

limits(
  '[E10] a sign-in opens its session, a sign-out ends it: a page entered between is of none but it',
  () => {
    const story = visiting()
    const signIn = only(story.signsIn('anna'), 'session.opened')
    assert.is(signIn[0]?.sessionId, 'session-2')
    enters(story, 1)
    assert.is(story.visit?.session?.ordinal, 1)
    story.says('SignOut')
    story.signsIn('anna')
    assert.is(story.visit?.session?.ordinal, 2)
  },
)

limits(
  '[I14] as many as REJECTED_MAX are rejected on a visitor; one more, and the oldest is forgotten',
  () => {
    const story = visiting()
    const reject = (person: number) => {
      story.says('UserInfo', { identityId: `p${person}` })
      assert.is(answer(story.rejects(`p${person}`)), 'applied')
    }
    for (let person = 1; person <= REJECTED_MAX; person += 1) reject(person)
    assert.is(story.context.rejected.length, REJECTED_MAX)
    assert.is(answer(story.assumes('p1', 1)), 'rejectedHere')
    reject(REJECTED_MAX + 1)
    assert.is(story.context.rejected.length, REJECTED_MAX)
    assert.is(answer(story.assumes('p1', 1)), 'applied')
  },
)

limits('[I17] as many as VERDICTS_MAX can be retracted; one more, and the oldest is for good', () => {
  const story = visiting()
  for (let times = 1; times <= VERDICTS_MAX; times += 1) story.confirms(`p${times}`)
  const first = 2
  const full = story.snapshot
  assert.is(answer(story.retracts(first)), 'applied')
  const more = visiting()
  for (let times = 1; times <= VERDICTS_MAX + 1; times += 1) more.confirms(`p${times}`)
  assert.is(more.context.verdicts.length, VERDICTS_MAX)
  assert.is(answer(more.retracts(first)), 'conflict')
  assert.is(answer(more.retracts(first + 1)), 'applied')
  assert.is(full.context.verdicts.length, VERDICTS_MAX)
})

limits(
  '[I14] as many as SIGNED_IN_MAX keep their link against a rejection; one more, and the oldest may lose it',
  () => {
    const judged = (people: number) => {
      const story = visiting()
      for (let person = 1; person <= people; person += 1) story.signsIn(`p${person}`)
      story.says('SignOut')
      story.says('UserInfo', { identityId: 'p1' })
      story.rejects('p1')
      return story
    }
    assert.is(judged(SIGNED_IN_MAX).book.links.get('1/p1'), 'Recognized')
    const past = judged(SIGNED_IN_MAX + 1)
    assert.is(past.visit?.signedIn.length, SIGNED_IN_MAX)
    assert.is(past.book.links.get('1/p1'), null)
  },
)

limits('[E5] nothing of a visit is before its start', () => {
  const story = startStory()
  story.says('VisitStarted', { agoMs: MINUTE })
  story.says('PageEntered', { page: 'p1', agoMs: HOUR })
  story.signsIn('anna', { agoMs: HOUR })
  story.says('SignOut', { agoMs: HOUR })
  story.says('PageExited', { page: 'p1', agoMs: HOUR })
  const start = MORNING - MINUTE
  const [page] = story.book.pages
  const [session] = story.book.sessions
  assert.equal([page?.enteredAt, page?.exitedAt], [start, start])
  assert.equal([session?.startedAt, session?.endedAt], [start, start])
  assert.is(story.visit?.lastActivityAt, start)
})

limits('[E5] an end is never after the time at which it was heard of', () => {
  const story = startStory()
  story.says('VisitStarted')
  story.restarts({ awayMs: 2 * 24 * HOUR })
  story.passes(90 * SECOND)
  assert.ok((story.book.visits[0]?.endedAt ?? 0) <= story.now)
})

limits('[E12] an entry that cannot be applied throws, and the visitor is as it was', () => {
  const story = visiting()
  const before = story.snapshot
  assert.throws(() => story.signsIn('anna', { identityId: null }), /names nobody/)
  assert.is(story.snapshot, before)
  assert.equal(story.states, { visit: 'browsing', identity: 'anonymous' })
})

limits.run()
