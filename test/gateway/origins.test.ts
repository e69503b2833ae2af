import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { ConfigError } from '../../src/config.ts'
import { createOriginPolicy } from '../../src/gateway/origins.ts'

const test = suite('origins')

for (const [origin, allowed] of [
  [undefined, true],
  ['http://localhost', true],
  ['http://localhost:3000', true],
  ['https://127.0.0.1:8443', true],
  ['http://[::1]:8080', true],
  ['null', false],
  ['', false],
  ['file://', false],
  ['http://localhost.evil.example', false],
  ['http://evil.example/?localhost', false],
  ['chrome-extension://localhost', false],
  ['http://127.0.0.2', false],
] as const) {
  test(`[P3] without a list a page of ${origin} ${allowed ? 'may' : 'may not'} track`, () => {
    assert.is(createOriginPolicy([])(origin), allowed)
  })
}

for (const [origin, allowed] of [
  [undefined, true],
  ['https://shop.example', true],
  ['https://other.example:8443', true],
  ['https://www.shop.example', false],
  ['http://shop.example', false],
  ['https://shop.example:444', false],
  ['http://localhost', false],
  ['null', false],
] as const) {
  test(`[P3] with a list a page of ${origin} ${allowed ? 'may' : 'may not'} track`, () => {
    const allows = createOriginPolicy(['https://Shop.example/', 'https://other.example:8443'])
    assert.is(allows(origin), allowed)
  })
}

for (const entry of ['null', '*', 'shop.example', 'https://shop.example/path', 'ftp://shop.example']) {
  test(`[P3] "${entry}" is refused as an origin at the start`, () => {
    assert.throws(
      () => createOriginPolicy([entry]),
      (error: unknown) => error instanceof ConfigError && error.message.includes(entry),
    )
  })
}

test.run()
