/** A guest looks into a folder that a server has open: it reads what is committed, leaves a note, and changes nothing else. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { StoreUnavailable } from '../../src/store/errors.ts'
import { openGuest } from '../../src/store/guest.ts'
import { openStore } from '../../src/store/store.ts'
import { tempFolder } from '../helpers/temp-folder.ts'

const guests = suite('guests of the store')

guests('[Q4] a guest takes no lock and counts no start: the server goes on, and sees the note', async () => {
  const folder = tempFolder()
  const store = await openStore({ path: folder.path, quotaBytes: 0, diskReserveBytes: 0 })
  const draft = store.createDraft()
  draft.putScore({ rule: 'guess', version: 1, position: 1, made: 3, hits: 2, misses: 1 })
  await store.commit(draft, { at: 1 })

  const guest = openGuest(folder.path)
  assert.is(guest.score('guess', 1)?.hits, 2)
  await guest.saveNote('rule guess', { lifted: true })
  await guest.close()

  assert.equal(store.note('rule guess'), { lifted: true })
  await store.saveNote('own', 1)
  assert.is(store.note('own'), 1, 'the server may write still')
  const { boot } = store
  await store.close()
  const again = await openStore({ path: folder.path, quotaBytes: 0, diskReserveBytes: 0 })
  assert.is(again.boot, boot + 1)
  await again.close()
  folder.remove()
})

guests('a folder without a store is refused, and stays as it is', () => {
  const folder = tempFolder()
  assert.throws(
    () => openGuest(folder.path),
    (error: unknown) => error instanceof StoreUnavailable && error.message.includes('holds no store'),
  )
  folder.remove()
})

guests.run()
