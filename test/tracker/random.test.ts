/** The ids a browser makes: their form, that the server takes them, and that they differ. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { WIRE_LIMITS } from '../../protocol/limits.ts'
import { checkClientMessage } from '../../protocol/messages.ts'
import { orderOf } from '../../src/store/order.ts'
import { randomToken, randomUuid, timedUuid } from '../../src/tracker/random.ts'

const random = suite('tracker ids')

random('[T2] a globalVisitID is a v4 UUID, a deviceToken 128 random bits, and the server takes both', () => {
  for (let round = 0; round < 200; round += 1) {
    const globalVisitID = randomUuid()
    const deviceToken = randomToken()
    assert.match(globalVisitID, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
    assert.match(deviceToken, /^[0-9a-f]{32}$/)
    const hello = { type: 'hello', globalVisitID, deviceToken, sentAt: 1 }
    assert.equal(checkClientMessage(hello, WIRE_LIMITS), hello)
  }
})

random('[T2] no two tokens are the same', () => {
  assert.is(new Set(Array.from({ length: 200 }, randomToken)).size, 200)
})

random('[E1] the id of an event is a UUIDv7: it holds its time, and none is before the one before it', () => {
  const before = Date.now()
  const ids = Array.from({ length: 200 }, timedUuid)
  const orders = ids.map(orderOf)
  assert.equal(
    orders.toSorted((a, b) => a - b),
    orders,
  )
  assert.is(new Set(ids).size, 200)
  for (const id of ids) assert.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-a[0-9a-f]{3}-[0-9a-f]{12}$/)
  const [first = 0] = orders
  // Of a monotonic clock, which the other may have left by some ms.
  assert.ok(Math.abs(first / 2 ** 12 - before) < 60_000, 'the time it holds is now')
})

random.run()
