/** Close codes: the range is the policy. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { CLOSING, comesBack } from '../../protocol/closing.ts'

const test = suite('protocol/closing')

test('[P4] 4000-4499 come back, 4500-4999 do not, all else does', () => {
  for (const code of [1000, 1001, 1006, 1009, 1011, 4000, 4499, 5000])
    assert.ok(comesBack(code), String(code))
  for (const code of [4500, 4501, 4777, 4999]) assert.not.ok(comesBack(code), String(code))
})

test('[P4] every row of the table agrees with its range', () => {
  for (const { code, client } of Object.values(CLOSING)) {
    const stays = client === 'reconnects' || client === 'halves' || client === 'waits'
    assert.is(comesBack(code), stays, String(code))
  }
})

test('[P4] every code stands once, with a reason short enough for a close frame', () => {
  const rows = Object.values(CLOSING)
  assert.is(new Set(rows.map(({ code }) => code)).size, rows.length)
  for (const { reason } of rows) assert.ok(new TextEncoder().encode(reason).length <= 123)
})

test.run()
