/** What the tracker does after each close code: protocol/closing.ts is the table. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { CLOSING, comesBack } from '../../protocol/closing.ts'
import { afterClose, CROWDED_MS, NEVER, RECONNECT_MAX_MS, UNAUTHORIZED } from '../../src/tracker/closing.ts'

const closing = suite('tracker closing')

closing('[T3] every close code of the table is followed as the table says', () => {
  for (const { code, reason, client } of Object.values(CLOSING)) {
    // Who cannot start anew stops.
    const ends = client === 'stops' || client === 'startsAnew'
    assert.is(afterClose(code, 0, 0.5) === NEVER, ends, `${code} ${reason}`)
    assert.is(code === UNAUTHORIZED, client === 'startsAnew', `${code} ${reason}`)
  }
})

closing('[T3] an unknown code is followed by its range', () => {
  for (const code of [1000, 1006, 1011, 4000, 4499, 4500, 4999]) {
    assert.is(afterClose(code, 0, 0.5) !== NEVER, comesBack(code), String(code))
  }
})

closing('[T3] the wait is drawn from nothing to a bound that doubles up to 20 s', () => {
  const waits = (random: number) => [0, 1, 2, 5, 6, 60].map((attempt) => afterClose(1006, attempt, random))
  assert.equal(waits(0), [0, 0, 0, 0, 0, 0])
  assert.equal(waits(1), [500, 1_000, 2_000, 16_000, RECONNECT_MAX_MS, RECONNECT_MAX_MS])
  assert.is(RECONNECT_MAX_MS, 20_000)
})

closing('[T3] after 4005 it waits at least 60 s, and not all browsers equally long', () => {
  assert.equal(afterClose(4005, 0, 0), CROWDED_MS)
  assert.equal(afterClose(4005, 0, 1), CROWDED_MS + 500)
  assert.is(CROWDED_MS, 60_000)
})

closing.run()
