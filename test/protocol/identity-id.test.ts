/** E8: which texts are identities. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { normalizeIdentityId } from '../../protocol/events.ts'

const test = suite('protocol/identity ids')

test('[E8] an identityId is normalised to NFC and trimmed', () => {
  assert.is(normalizeIdentityId('  ada@example.com\t'), 'ada@example.com')
  assert.is(normalizeIdentityId('Zoe\u0308'), 'Zo\u00eb')
  assert.is(normalizeIdentityId('Ada@Example.com'), 'Ada@Example.com', 'case is kept')
  assert.is(normalizeIdentityId('a b'), 'a b')
})

test('[E8] 256 characters after trimming are taken, 257 are not', () => {
  assert.is(normalizeIdentityId(` ${'x'.repeat(256)} `), 'x'.repeat(256))
  assert.is(normalizeIdentityId('x'.repeat(257)), null)
  assert.is(normalizeIdentityId('e\u0301'.repeat(256)), '\u00e9'.repeat(256), 'counted after NFC')
})

test('[E8] control characters and broken texts are no identities', () => {
  for (const text of ['a\u0000b', 'a\nb', 'a\u007f', 'a\u0085b', '\ud800', '', '   ', '\n']) {
    assert.is(normalizeIdentityId(text), null, JSON.stringify(text))
  }
})

test('[E8] names of nobody are no identities, in any case', () => {
  const nobodies = ['null', 'undefined', '0', 'guest', 'anonymous', '[object Object]', 'NaN']
  for (const nobody of nobodies) {
    for (const spelling of [nobody, nobody.toUpperCase(), nobody.toLowerCase(), ` ${nobody} `]) {
      assert.is(normalizeIdentityId(spelling), null, spelling)
    }
  }
  assert.is(normalizeIdentityId('guest1'), 'guest1')
  assert.is(normalizeIdentityId('00'), '00')
})

test('[E8] a whole number is its digits; nothing else but a text is an identity', () => {
  assert.is(normalizeIdentityId(4711), '4711')
  for (const value of [0, 1.5, Number.NaN, 2 ** 53, true, null, undefined, {}, [], ['ada'], 1n]) {
    assert.is(normalizeIdentityId(value), null)
  }
})

test('[E8] more names of nobody are compared like the others', () => {
  assert.is(normalizeIdentityId('VISITOR', ['Visitor', 'test']), null)
  assert.is(normalizeIdentityId('visitors', ['Visitor', 'test']), 'visitors')
})

test.run()
