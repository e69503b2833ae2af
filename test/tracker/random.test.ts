/** The ids a browser makes: their form, and that they differ. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { isId } from '../../protocol/events.ts'
import { TOKEN_LENGTH_MIN } from '../../protocol/messages.ts'
import { randomToken, randomUuid } from '../../src/tracker/random.ts'

const random = suite('tracker ids')

random('[T2] a globalVisitID is a v4 UUID that the server takes', () => {
  for (let round = 0; round < 200; round += 1) {
    const id = randomUuid()
    assert.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
    assert.ok(isId(id))
  }
})

random('[T2] a deviceToken is 128 random bits that the server takes', () => {
  const token = randomToken()
  assert.match(token, /^[0-9a-f]{32}$/)
  assert.ok(isId(token) && token.length >= TOKEN_LENGTH_MIN)
  assert.is(new Set(Array.from({ length: 200 }, randomToken)).size, 200)
})

random.run()
