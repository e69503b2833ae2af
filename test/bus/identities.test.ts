/** People's ids in changes, and how they leave. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { IDENTITY_KEY_NOTE, identitiesIn, readIdentityView } from '../../src/bus/identities.ts'
import type { ChangeRow } from '../../src/store/rows.ts'
import { createMemoryStore } from './memory-store.ts'

const identities = suite('identities in changes')

function change(kind: ChangeRow['kind'], name: string, data: ChangeRow['data']): ChangeRow {
  return { position: 1, n: 1, number: 1, globalVisitID: 'g1', seq: 1, at: 0, kind, name, data }
}

const SWITCHED = change('identity', 'authenticated', {
  state: 'Authenticated',
  identityId: 'ben@example.org',
  previous: { state: 'Recognized', identityId: 'ann@example.org' },
})

identities('[B1] a change names the person who is there and the one before, each once', () => {
  assert.equal(identitiesIn(SWITCHED), ['ben@example.org', 'ann@example.org'])
  const same = { identityId: 'ann', previous: { identityId: 'ann' } }
  assert.equal(identitiesIn(change('identity', 'recognized', same)), ['ann'])
  assert.equal(
    identitiesIn(change('identity', 'anonymous', { identityId: null, previous: { identityId: null } })),
    [],
  )
  assert.equal(identitiesIn(change('visit', 'opened', { visitId: 'v1' })), [])
})

identities('[B1] publishIdentity full: data leave as they are', async () => {
  const view = await readIdentityView(createMemoryStore(), { publishIdentity: 'full' })
  assert.is(view(SWITCHED), SWITCHED.data)
})

identities(
  '[B1] publishIdentity hash: the same person has the same hash, also after a restart, and no id leaves',
  async () => {
    const store = createMemoryStore()
    const view = await readIdentityView(store, { publishIdentity: 'hash' })
    const said = JSON.stringify(view(SWITCHED))
    assert.not.match(said, 'example.org')
    const { identityId, previous } = JSON.parse(said)
    assert.match(identityId, /^[\w-]{43}$/)
    assert.is.not(identityId, previous.identityId)
    assert.is(previous.state, 'Recognized')
    const again = await readIdentityView(store, { publishIdentity: 'hash' })
    assert.equal(again(SWITCHED), view(SWITCHED))
    const elsewhere = await readIdentityView(createMemoryStore(), { publishIdentity: 'hash' })
    assert.is.not(elsewhere(SWITCHED).identityId, identityId)
    assert.is.not(store.note(IDENTITY_KEY_NOTE), null)
  },
)

identities(
  '[B1] publishIdentity hash: nobody stays nobody, and what people say of themselves stays',
  async () => {
    const view = await readIdentityView(createMemoryStore(), { publishIdentity: 'hash' })
    const signIn = { identityId: 'ann', visitId: 'v1', data: { identityId: 'ann', email: 'ann@example.org' } }
    const { identityId, ...rest } = view(change('event', 'SignIn', signIn))
    assert.is.not(identityId, 'ann')
    assert.equal(rest, { visitId: 'v1', data: {} })
    const cart = { identityId: null, data: { sku: 'a1' } }
    assert.equal(view(change('event', 'AddToCart', cart)), cart)
  },
)

identities.run()
