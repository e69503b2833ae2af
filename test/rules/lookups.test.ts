/** What is looked up for rules, and the shipped rules that reason from it. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { IDENTITIES_MAX, PAST_LINKS_MAX } from '../../src/rules/contract.ts'
import { lookUp } from '../../src/rules/lookups.ts'
import { event, HOUR, openRoom, SECOND, signIn, type TestRoom, type Words } from '../visitors/a-room.ts'
import { withRules } from './a-ruled-room.ts'

const lookups = suite('lookups of rules')

async function inRoom(act: (room: TestRoom) => Promise<void>): Promise<void> {
  const room = await openRoom()
  try {
    await act(room)
  } finally {
    await room.end()
  }
}

const given = (data: Readonly<Record<string, unknown>>, url = 'https://shop.example/') =>
  ({ eventType: 'BUSINESS', eventName: 'Asked', url, data }) as const

const knows = (identityId: string, profile: Readonly<Record<string, unknown>>, words: Words = {}) =>
  signIn(identityId, { data: { identityId, ...profile }, ...words })

function byEmail({ store }: TestRoom, email: unknown, provenOnly = false): readonly string[] {
  const found = lookUp({ store, provenOnly }, { number: 1, event: given({ email }) }, ['identitiesByEmail'])
  return found.identitiesByEmail.map(({ identityId, proven }) => identityId + (proven ? '!' : ''))
}

lookups('past links: who signed in or was confirmed, the latest first, not what was retracted', async () => {
  await inRoom(async (room) => {
    await room.record(
      'g1',
      event('VisitStarted'),
      signIn('pat'),
      event('SignOut'),
      signIn('sam'),
      event('SignOut'),
    )
    room.passes(HOUR)
    const { outcomes } = await room.record(
      'g1',
      event('VisitStarted', { visit: 'v2' }),
      event('UserInfo', { visit: 'v2', identityId: 'kim' }),
      { type: 'confirm', identityId: 'lee', agentId: 'ada', ifSeq: null },
    )
    const past = () =>
      lookUp({ store: room.store, provenOnly: false }, { number: 1, event: null }, [
        'pastLinks',
      ]).pastLinks.map(({ identityId, how }) => `${identityId} ${how}`)
    assert.equal(past(), ['lee agent', 'sam SignIn', 'pat SignIn'])
    const confirmed = outcomes[2]
    const verdictSeq = confirmed?.is === 'kept' ? confirmed.seq : 0
    await room.record('g1', { type: 'retract', verdictSeq, agentId: 'ada' })
    assert.equal(past(), ['sam SignIn', 'pat SignIn'])
  })
})

lookups('past links end with the limit', async () => {
  await inRoom(async (room) => {
    await room.says('g1', 'VisitStarted')
    for (let index = 0; index <= PAST_LINKS_MAX; index += 1) {
      await room.record('g1', signIn(`p${index}`), event('SignOut'))
      const { pastLinks } = lookUp({ store: room.store, provenOnly: false }, { number: 1, event: null }, [
        'pastLinks',
      ])
      assert.is(pastLinks.length, Math.min(index + 1, PAST_LINKS_MAX))
      assert.is(pastLinks[0]?.identityId, `p${index}`)
    }
  })
})

lookups('an e-mail address finds who has it now, however it is written', async () => {
  await inRoom(async (room) => {
    await room.record('g1', event('VisitStarted'), knows('pat', { email: 'Pat@Example.com' }))
    assert.equal(byEmail(room, ' pat@example.COM '), ['pat'])
    for (const nothing of ['sam@example.com', 'pat', '', null, 7, ['pat@example.com']]) {
      assert.equal(byEmail(room, nothing), [])
    }
    await room.record('g1', knows('pat', { email: 'new@example.com' }))
    assert.equal(byEmail(room, 'pat@example.com'), [])
    assert.equal(byEmail(room, 'new@example.com'), ['pat'])
    assert.is(room.store.rowCount('addresses'), 1)
    await room.record('g1', knows('sam', { email: 'new@example.com' }))
    assert.equal(byEmail(room, 'new@example.com'), ['pat', 'sam'])
  })
})

lookups('where proofs are on, only proven values find somebody', async () => {
  await inRoom(async (room) => {
    const email = 'pat@example.com'
    await room.record('g1', event('VisitStarted'), knows('pat', { email }))
    assert.equal(byEmail(room, email, true), [])
    await room.record('g1', event('SignOut'), knows('pat', { email }, { proven: true }))
    assert.equal(byEmail(room, email, true), ['pat!'])
    assert.equal(byEmail(room, email), ['pat!'])
  })
})

lookups('as many people of one address as the limit are found, not one more', async () => {
  await inRoom(async (room) => {
    await room.says('g1', 'VisitStarted')
    for (let index = 1; index <= IDENTITIES_MAX + 1; index += 1) {
      await room.record('g1', knows(`p${index}`, { email: 'home@example.com' }))
      assert.is(byEmail(room, 'home@example.com').length, Math.min(index, IDENTITIES_MAX))
    }
  })
})

lookups('a phone number is compared by its digits', async () => {
  await inRoom(async (room) => {
    await room.record('g1', event('VisitStarted'), knows('pat', { phone: '+49 (30) 123-456' }))
    const found = (phone: unknown) =>
      lookUp({ store: room.store, provenOnly: false }, { number: 1, event: given({ phone }) }, [
        'identitiesByPhone',
      ]).identitiesByPhone.length
    assert.is(found('0049 30 123456'), 1)
    assert.is(found('+4930123456'), 1)
    for (const nothing of ['030123456', '123456', '+4930x123456', '+12345678901234567'])
      assert.is(found(nothing), 0)
  })
})

lookups('a linked visit is found by data or url, with who was known in it', async () => {
  await inRoom(async (room) => {
    await room.record(
      'g1',
      event('VisitStarted', { visit: 'phone-visit' }),
      signIn('pat', { visit: 'phone-visit' }),
    )
    await room.record('g2', event('VisitStarted', { visit: 'nobodys' }))
    const linked = (asked: ReturnType<typeof given>) =>
      lookUp({ store: room.store, provenOnly: false }, { number: 2, event: asked }, ['linkedVisit'])
        .linkedVisit
    const link = linked(given({ linkedVisitID: 'phone-visit' }))
    assert.equal(
      [link?.identityId, link?.globalVisitID, link?.signedIn, link?.endDate],
      ['pat', 'g1', true, 0],
    )
    const url = 'https://shop.example/offer?linkedVisitID=phone-visit'
    assert.equal(linked(given({}, url)), link)
    assert.is(linked(given({ linkedVisitID: 'nobodys' })), null)
    assert.is(linked(given({ linkedVisitID: 'unheard-of' })), null)
    assert.is(linked(given({}, 'linkedVisitID but no url')), null)
  })
})

lookups(
  '[I10] lastSignedInHere: the one who signed in last, less sure with each other person and with age',
  async () => {
    await withRules({ items: ['shipped:lastSignedInHere'] }, async ({ room, settled, answers, state }) => {
      const comes = async (visit: string): Promise<void> => {
        room.passes(SECOND)
        await room.says('g1', 'VisitStarted', { visit })
        await settled()
      }
      await comes('v1')
      assert.equal(answers('g1'), [], 'nobody was seen here')
      await room.record('g1', signIn('pat'), event('SignOut'))
      await comes('v2')
      assert.equal(state('g1'), ['WM-Recognized', 'pat'])
      assert.is(room.visitors.view('g1')?.confidence?.confidence, 0.8)
      await room.record('g1', signIn('sam', { visit: 'v2' }))
      room.passes(14 * 24 * HOUR)
      await comes('v3')
      assert.equal(state('g1'), ['WM-Recognized', 'sam'])
      assert.is(
        room.visitors.view('g1')?.confidence?.confidence,
        0.24,
        '0.8, one other person, one half-life',
      )
      room.passes(31 * 24 * HOUR)
      await comes('v4')
      assert.equal(state('g1'), ['Anonymous', null], 'too long ago')
    })
  },
)

lookups('[I10] linkedByVisit: whom the link was made for, on another device only', async () => {
  await withRules({ items: ['shipped:linkedByVisit'] }, async ({ room, settled, state }) => {
    await room.record('g1', event('VisitStarted', { visit: 'v1' }), signIn('pat'))
    room.passes(SECOND)
    await room.says('g1', 'VisitStarted', { visit: 'v2', data: { linkedVisitID: 'v1' } })
    await room.says('g2', 'VisitStarted', { visit: 'w1', data: { linkedVisitID: 'v1' } })
    await room.says('g3', 'VisitStarted', { visit: 'x1', data: { linkedVisitID: 'w1' } })
    await settled()
    assert.equal(state('g1'), ['Anonymous', null])
    assert.equal(state('g2'), ['WM-Recognized', 'pat'])
    assert.equal(state('g3'), ['Anonymous', null])
  })
})

lookups(
  '[I10] profileMatch: the one person of an address in a BUSINESS event; two people are nobody',
  async () => {
    await withRules({ items: ['shipped:profileMatch'] }, async ({ room, settled, state }) => {
      const email = 'pat@example.com'
      await room.record('g1', event('VisitStarted', { visit: 'v1' }), knows('pat', { email }))
      const asks = async (
        visitor: string,
        data: Readonly<Record<string, unknown>>,
      ): Promise<readonly unknown[]> => {
        await room.record(
          visitor,
          event('VisitStarted', { visit: `visit-${visitor}` }),
          event('Newsletter', { visit: `visit-${visitor}`, data }),
        )
        await settled()
        return state(visitor)
      }
      assert.equal(await asks('g2', { email: 'PAT@example.com' }), ['WM-Recognized', 'pat'])
      assert.equal(await asks('g3', { email: 'sam@example.com' }), ['Anonymous', null])
      await room.record('g1', knows('sam', { email }))
      assert.equal(await asks('g4', { email }), ['Anonymous', null])
    })
  },
)

lookups.run()
