import type { IncomingMessage } from 'node:http'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { ConfigError, defaultConfig } from '../../src/config.ts'
import { createAddressLimits } from '../../src/gateway/address-limits.ts'
import { createAddressOf } from '../../src/gateway/addresses.ts'

const test = suite('addresses')

/** Only what the function looks at: the one place where a test makes a request up. */
function requestFrom(remoteAddress: string, forwarded?: string): IncomingMessage {
  return {
    socket: { remoteAddress },
    headers: { 'x-forwarded-for': forwarded },
  } as unknown as IncomingMessage
}

for (const [peer, forwarded, trusted, address] of [
  ['192.0.2.1', undefined, [], '192.0.2.1'],
  ['192.0.2.1', '203.0.113.9', [], '192.0.2.1'],
  ['10.0.0.7', '203.0.113.9', ['10.0.0.7'], '203.0.113.9'],
  ['10.0.0.8', '203.0.113.9', ['10.0.0.7'], '10.0.0.8'],
  ['::ffff:10.0.0.7', '203.0.113.9', ['10.0.0.0/8'], '203.0.113.9'],
  ['10.0.0.7', '1.1.1.1, 203.0.113.9', ['10.0.0.0/8'], '203.0.113.9'],
  ['10.0.0.7', '203.0.113.9, 10.1.1.1', ['10.0.0.0/8'], '203.0.113.9'],
  ['10.0.0.7', '203.0.113.9:4711', ['10.0.0.0/8'], '203.0.113.9'],
  ['10.0.0.7', 'unknown', ['10.0.0.0/8'], '10.0.0.7'],
  ['10.0.0.7', '', ['10.0.0.0/8'], '10.0.0.7'],
  ['10.0.0.7', '10.0.0.1', ['10.0.0.0/8'], '10.0.0.1'],
  ['fd00::1', '[2001:db8::1]:443', ['fd00::/8'], '2001:db8:0:0::/64'],
  ['2001:db8:1:2:3:4:5:6', undefined, [], '2001:db8:1:2::/64'],
  ['2001:0db8:0001:0002::', undefined, [], '2001:db8:1:2::/64'],
  ['::1', undefined, [], '0:0:0:0::/64'],
  ['fe80::1%eth0', undefined, [], 'fe80:0:0:0::/64'],
  ['', undefined, [], ''],
] as const) {
  test(`[Q9] from "${peer}", forwarded "${forwarded}", trusting ${trusted.join() || 'nobody'}: ${address}`, () => {
    assert.is(createAddressOf(trusted)(requestFrom(peer, forwarded)), address)
  })
}

for (const range of [
  '10.0.0.0/33',
  '10.0.0.0/',
  'fd00::/129',
  'proxy.example',
  '10.0.0.0/8/8',
  '10.0.0.0/-1',
]) {
  test(`[Q9] "${range}" is refused as a trusted proxy`, () => {
    assert.throws(
      () => createAddressOf([range]),
      (error: unknown) => error instanceof ConfigError && error.message.includes(range),
    )
  })
}

test('[P6] an address makes sixty visitors a minute; the next one waits for the rest of the minute', () => {
  const limits = createAddressLimits(defaultConfig())
  for (let made = 0; made < 60; made += 1) assert.is(limits.takeNewVisitor('a', 1_000 + made), 0)
  assert.is(limits.takeNewVisitor('a', 2_000), 59_000)
  assert.is(limits.takeNewVisitor('b', 2_000), 0)
  assert.is(limits.takeNewVisitor('a', 60_999), 1)
  assert.is(limits.takeNewVisitor('a', 61_000), 0)
})

test('[P6] zero new visitors a minute is no limit', () => {
  const limits = createAddressLimits({ ...defaultConfig(), newVisitorsPerMinute: 0 })
  for (let made = 0; made < 1_000; made += 1) assert.is(limits.takeNewVisitor('a', 1), 0)
})

test('[P3] an address has a thousand sockets, and one more when one goes', () => {
  const limits = createAddressLimits(defaultConfig())
  for (let open = 0; open < 1_000; open += 1) assert.ok(limits.connect('a'))
  assert.not(limits.connect('a'))
  assert.ok(limits.connect('b'))
  limits.disconnect('a')
  assert.ok(limits.connect('a'))
  assert.not(limits.connect('a'))
})

test('[P2] an address posts two hundred events at once, one more when a fiftieth of a second has passed', () => {
  const limits = createAddressLimits(defaultConfig())
  assert.is(limits.takePosted('a', 100, 1), 0)
  assert.is(limits.takePosted('a', 100, 1), 0)
  assert.is(limits.takePosted('a', 1, 1), 20)
  assert.is(limits.takePosted('b', 1, 1), 0)
  assert.is(limits.takePosted('a', 1, 21), 0)
})

test('[Q9] what no longer limits an address is forgotten, and what does is not', () => {
  const limits = createAddressLimits({ ...defaultConfig(), newVisitorsPerMinute: 1, eventsBurst: 1 })
  limits.takeNewVisitor('a', 0)
  limits.takePosted('a', 1, 0)
  limits.sweep(19)
  assert.is(limits.takePosted('a', 1, 19), 1)
  assert.is(limits.takeNewVisitor('a', 59_999), 1)
  limits.sweep(60_000)
  assert.is(limits.takeNewVisitor('a', 60_000), 0)
})

test.run()
