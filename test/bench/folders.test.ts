/** Folders that benches fill: as a server would have written them, kept, and used again. */
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import {
  copyOf,
  type Folder,
  type FolderPlan,
  makeCold,
  openFolder,
  openSizes,
} from '../../bench/history/folders.ts'
import type { Store } from '../../src/store/contract.ts'
import { isStoredEvent } from '../../src/store/rows.ts'
import { openStore } from '../../src/store/store.ts'
import { tempFolder } from '../helpers/temp-folder.ts'

const folders = suite('filled folders')
const ALL = { limit: Number.POSITIVE_INFINITY }
const PLAN: FolderPlan = { title: 'a few', keep: null, visitors: 4, events: 12, people: 'each' }

async function read<T>({ path }: Folder, of: (store: Store) => T): Promise<T> {
  const store = await openStore({ path, quotaBytes: 0, diskReserveBytes: 0 })
  try {
    return of(store)
  } finally {
    await store.close()
  }
}

folders(
  'hold as many visitors and events as asked for; their visits have ended, and nothing is due',
  async () => {
    const folder = await openFolder(PLAN)
    await read(folder, (store) => {
      const visitors = store.visitors(ALL)
      assert.is(visitors.length, 4)
      for (const { number } of visitors) {
        assert.is(store.entries(number, ALL).filter(isStoredEvent).length, 12)
        assert.equal(
          store.visits(number, ALL).map(({ endDate }) => endDate > 0),
          [true],
        )
      }
      assert.is(store.firstDue(), 0)
      assert.is(store.identities(ALL).length, 4)
      for (const index of [0, 3]) {
        assert.ok(store.name('visit', folder.visit(index)) !== null)
        assert.ok(store.identityNumber(folder.person(index)) > 0)
      }
    })
    folder.remove()
    assert.not(existsSync(folder.path))
  },
)

folders('one person on all devices is one identity; nobody is none', async () => {
  const one = await openFolder({ ...PLAN, people: 'one' })
  assert.is(
    await read(one, (store) => store.linksOfIdentity(store.identityNumber(one.person(0)), ALL).length),
    4,
  )
  one.remove()
  const nobody = await openFolder({ ...PLAN, people: 'nobody', events: 2 })
  assert.is(await read(nobody, (store) => store.identities(ALL).length), 0)
  nobody.remove()
})

folders('what is kept is used again, unless it was not filled to its end', async () => {
  const { path: keep, remove } = tempFolder()
  const first = await openFolder({ ...PLAN, keep })
  const mark = join(first.path, 'mark')
  writeFileSync(mark, 'still the same')
  first.remove()
  const again = await openFolder({ ...PLAN, keep })
  assert.is(again.path, first.path)
  assert.is(readFileSync(mark, 'utf8'), 'still the same')
  rmSync(join(first.path, 'filled.json'))
  await openFolder({ ...PLAN, keep })
  assert.not(existsSync(mark))
  remove()
})

folders('a copy is another folder: what is done to it is not done to the first', async () => {
  const folder = await openFolder(PLAN)
  const copy = copyOf(folder)
  assert.is(await read(copy, (store) => store.visitors(ALL).length), 4)
  copy.remove()
  assert.not(existsSync(copy.path))
  assert.is(await read(folder, (store) => store.visitors(ALL).length), 4)
  makeCold(folder)
  folder.remove()
})

folders('sizes are rounded up to whole visitors', async () => {
  const sizes = await openSizes([100, 250], null)
  assert.equal(
    sizes.map(({ visitors, events }) => [visitors, events]),
    [
      [1, 120],
      [3, 360],
    ],
  )
  for (const folder of sizes) folder.remove()
})

folders.run()
