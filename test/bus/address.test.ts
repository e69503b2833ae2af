/** NATS_URL taken apart. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { parseNatsUrl } from '../../src/bus/address.ts'
import { ConfigError } from '../../src/config.ts'

const address = suite('address')

address('[B3] NATS_URL names one server or several, with or without scheme and port', () => {
  assert.equal(parseNatsUrl('nats://a.example'), {
    servers: ['a.example:4222'],
    credentials: { kind: 'none' },
    tls: false,
  })
  assert.equal(parseNatsUrl('a:1, nats://b:80,[::1]:3').servers, ['a:1', 'b:80', '[::1]:3'])
})

address('[B3] credentials in NATS_URL are taken out of the address', () => {
  assert.equal(parseNatsUrl('nats://ann:p%40ss@a:1,nats://b:2'), {
    servers: ['a:1', 'b:2'],
    credentials: { kind: 'user', user: 'ann', pass: 'p@ss' },
    tls: false,
  })
  assert.equal(parseNatsUrl('s3cret@a').credentials, { kind: 'token', token: 's3cret' })
})

address('[B7] one server written tls:// means that all are spoken to over TLS', () => {
  assert.is(parseNatsUrl('nats://a,tls://b').tls, true)
})

address('[B3] a wrong NATS_URL is refused, and what stands before an @ is not shown', () => {
  for (const text of [
    'wss://ann:s3cret@a:1',
    'http://ann:s3cret@a',
    'nats://ann:s3cret@a:b',
    'ann:s3cret@a/path',
    'nats://ann:s3cret@',
    'nats://ann:s3cret%@a',
    ',',
  ]) {
    try {
      parseNatsUrl(text)
      assert.unreachable(text)
    } catch (error) {
      assert.instance(error, ConfigError)
      assert.match(String(error), 'NATS_URL')
      assert.not.match(String(error), 's3cret')
    }
  }
})

address.run()
