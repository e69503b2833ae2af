/** What is left out of addresses and data, and what is not. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { cleanUrl, maskText, maskValue } from '../../src/tracker/privacy.ts'

const privacy = suite('tracker privacy')

privacy('[T6] an address loses its query and fragment, but for what keepQuery lists', () => {
  const url = 'https://shop.example/list?q=door&token=s3cret&page=2#reviews'
  assert.is(cleanUrl(url, {}), 'https://shop.example/list')
  assert.is(cleanUrl(url, { keepQuery: ['page'] }), 'https://shop.example/list?page=2')
  assert.is(cleanUrl(url, { keepQuery: ['q', 'page'] }), 'https://shop.example/list?q=door&page=2')
  assert.is(cleanUrl(url, { keepQuery: ['#'] }), 'https://shop.example/list#reviews')
  assert.is(cleanUrl('https://shop.example/#/cart?token=1', {}), 'https://shop.example/')
  assert.is(cleanUrl('https://shop.example/?page', { keepQuery: ['page'] }), 'https://shop.example/?page')
  for (const none of ['', 'about:blank', 'https://shop.example/R&D']) assert.is(cleanUrl(none, {}), none)
})

privacy('[T6] a url of 2,048 characters is whole, and one more is cut', () => {
  const url = `https://shop.example/${'x'.repeat(2_048 - 21)}`
  assert.is(cleanUrl(url, {}), url)
  assert.is(cleanUrl(`${url}x`, {}), url)
})

privacy('[T6] e-mail addresses are masked, also in an address', () => {
  assert.is(maskText('from ada.l+x@example.co.uk, today', {}), 'from ***, today')
  assert.is(maskText('jürgen@müller.example', {}), '***')
  assert.is(cleanUrl('https://shop.example/of/ada%40example.com/new', {}), 'https://shop.example/of/***/new')
  assert.is(
    cleanUrl('https://shop.example/?q=ada@example.com', { keepQuery: ['q'] }),
    'https://shop.example/?q=***',
  )
  for (const none of ['a @ b', 'meet @ noon', '@ada', 'ada@', 'ada@home']) assert.is(maskText(none, {}), none)
})

privacy('[T6] numbers of 15 or 16 digits that begin as a card’s are masked, and other numbers stay', () => {
  for (const card of ['4111111111111111', '4111 1111 1111 1111', '5500-0000-0000-0004', '378282246310005']) {
    assert.is(maskText(`paid with ${card}.`, {}), 'paid with ***.')
  }
  assert.is(maskText('4111 1111 1111 1111 12/30 cvc 123', {}), '*** 12/30 cvc 123')
  assert.is(maskValue(4111111111111111, {}), '***')
  for (const other of ['4006381333931', '1700000000000000', '20261124', '41111111111111112222', '3.14']) {
    assert.is(maskText(other, {}), other)
  }
})

privacy('[T6] where the site allows it, nothing is masked; what is no text stays what it is', () => {
  assert.is(maskText('ada@example.com', { mask: false }), 'ada@example.com')
  const list = ['ada@example.com']
  for (const value of [null, true, 42, list, {}]) assert.is(maskValue(value, {}), value)
})

privacy('[T6] a long text does not hold the page up', () => {
  const text = `${'a'.repeat(20_000)}@${'b'.repeat(20_000)}`
  // One that looked back at every step would not come back within the time of this run.
  assert.is(maskText(text, {}), text)
  assert.is(maskText('4 '.repeat(20_000), {}).length < 40_000, true)
})

privacy.run()
