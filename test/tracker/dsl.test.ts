/** Declarations: which page a pattern means, and what is no declaration. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { isPage } from '../../src/tracker/dsl/matching.ts'

const dsl = suite('tracker declarations')

const at = (url: string): Pick<Location, 'origin' | 'pathname'> => new URL(url)

dsl('[T6] a pattern is a path or an address; * stands for anything', () => {
  const page = at('https://shop.example/list/doors/42?q=1#top')
  for (const pattern of [
    undefined,
    '',
    '*',
    '/list/doors/42',
    '/list/*',
    '*/42',
    '/list/*/42',
    '/*/doors*',
  ]) {
    assert.is(isPage(pattern, page), true, pattern)
  }
  for (const pattern of ['https://shop.example/list/*', 'https://*/doors/*', '*shop.example*']) {
    assert.is(isPage(pattern, page), true, pattern)
  }
  for (const pattern of [
    '/list',
    '/list/doors/4',
    '/other/*',
    '*/43',
    '/list/doors/42/*2',
    'http://*',
    '/*//*',
  ]) {
    assert.is(isPage(pattern, page), false, pattern)
  }
})

dsl('[T6] a pattern with many stars is not slow', () => {
  const page = at(`https://shop.example/${'a'.repeat(2_000)}`)
  assert.is(isPage(`/${'*a'.repeat(200)}*b`, page), false)
})

dsl.run()
