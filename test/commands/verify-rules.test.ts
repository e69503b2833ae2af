/** `vestibule verify`: what rules live on, scores and addresses, agrees with the streams; where it does not, it is found. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { Store } from '../../src/store/contract.ts'
import { event, openRoom, signIn } from '../visitors/a-room.ts'
import { findingsIn } from '../visitors/findings.ts'

const verifying = suite('verify: rules')

/** What is found after a change of the rows behind the streams' back. */
async function findingsAfter(change: (store: Store) => Promise<void> | void): Promise<readonly string[]> {
  const room = await openRoom()
  try {
    const email = 'pat@example.com'
    await room.record(
      'g1',
      event('VisitStarted'),
      {
        type: 'assume',
        identityId: 'pat',
        confidence: 0.5,
        halfLifeMs: null,
        rule: 'engine',
        version: 1,
        evidence: 0,
      },
      signIn('pat', { data: { identityId: 'pat', email, phone: '+4930123456' } }),
    )
    await change(room.store)
    return findingsIn(room.store)
  } finally {
    await room.end()
  }
}

async function put(store: Store, fill: (draft: ReturnType<Store['createDraft']>) => void): Promise<void> {
  const draft = store.createDraft()
  fill(draft)
  await store.commit(draft, { at: store.lastAt() })
}

verifying('[Q1] scores and addresses that agree are no finding', async () => {
  assert.equal(await findingsAfter(() => {}), [])
})

verifying('[Q1] a score that says more hits than the streams is found', async () => {
  const found = await findingsAfter((store) =>
    put(store, (draft) => {
      const row = draft.score('engine', 1)
      if (row !== null) draft.putScore({ ...row, hits: 2 })
    }),
  )
  assert.equal(found, ['folder: hits of a rule: expected 1, found 2'])
})

verifying('[Q1] a score of a rule that never assumed anything is found', async () => {
  const found = await findingsAfter((store) =>
    put(store, (draft) =>
      draft.putScore({ rule: 'ghost', version: 1, position: 1, made: 0, hits: 0, misses: 0 }),
    ),
  )
  assert.equal(found, ['folder: scores of rules: expected 1, found 2'])
})

verifying('[Q1] an address that finds nobody, or somebody who has another, is found', async () => {
  const email = { kind: 'email', identity: 1 } as const
  const gone = await findingsAfter((store) =>
    put(store, (draft) => draft.removeAddress({ ...email, value: 'pat@example.com' })),
  )
  assert.equal(gone, [
    'folder: identity 1: found by its email: expected so, found not so',
    'folder: rows of addresses: expected 2, found 1',
  ])
  const more = await findingsAfter((store) =>
    put(store, (draft) => draft.putAddress({ ...email, value: 'sam@example.com' })),
  )
  assert.equal(more, ['folder: rows of addresses: expected 2, found 3'])
})

verifying.run()
