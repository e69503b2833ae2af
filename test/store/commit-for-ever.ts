// Commits without end, and says the last position of each when it is acknowledged: to be killed.
import { writeSync } from 'node:fs'
import { openStore } from '../../src/store/store.ts'
import { AT, say } from './a-row.ts'

const store = await openStore({ path: process.argv[2] ?? '', quotaBytes: 0, diskReserveBytes: 0 })
for (;;) {
  const draft = store.createDraft()
  let from = store.lastPosition()
  for (const globalVisitID of ['a', 'b', 'c', 'd', 'e']) {
    say(draft, { globalVisitID, count: 2, from })
    from += 2
  }
  await store.commit(draft, { at: AT })
  writeSync(1, `${store.lastPosition()}\n`)
}
