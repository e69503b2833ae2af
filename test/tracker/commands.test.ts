/** The spellings of a command, 8.1's and 8.5's, and what is none. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { eventOf } from '../../src/tracker/commands.ts'

const commands = suite('tracker commands')

commands('[T1] 8.5 names an event and gives its data apart', () => {
  assert.equal(eventOf(['event', 'AddToCart', { data: { sku: '42' }, category: 'Shop;Sale' }]), {
    eventName: 'AddToCart',
    data: { sku: '42' },
    category: 'Shop;Sale',
  })
  assert.equal(eventOf(['event', 'SignOut']), { eventName: 'SignOut', data: {} })
})

commands('[T1] 8.1 has the name among the data, or data beside it', () => {
  assert.equal(eventOf(['event', { eventName: 'AddToCart', sku: '42' }]), {
    eventName: 'AddToCart',
    data: { sku: '42' },
  })
  assert.equal(eventOf(['event', { eventName: 'AddToCart', data: { sku: '42' } }]), {
    eventName: 'AddToCart',
    data: { sku: '42' },
  })
})

commands('[T1] sendSignIn, sendSignOut and sendUserInfo are commands and event names', () => {
  assert.equal(eventOf(['sendSignIn', { userID: 'ada' }]), { eventName: 'SignIn', data: { userID: 'ada' } })
  assert.equal(eventOf(['sendSignOut']), { eventName: 'SignOut', data: {} })
  assert.equal(eventOf(['sendUserInfo', { name: 'Ada' }]), { eventName: 'UserInfo', data: { name: 'Ada' } })
  assert.equal(eventOf(['event', 'sendSignIn', { userID: 'ada' }]), {
    eventName: 'SignIn',
    data: { userID: 'ada' },
  })
  assert.equal(eventOf(['event', 'sendSignInLater', { data: { a: 1 } }]), {
    eventName: 'sendSignInLater',
    data: { a: 1 },
  })
})

commands('[T6] what is no event asks for none, whatever it is', () => {
  for (const command of [[], [7], [undefined], [{}], ['other'], ['event'], ['event', {}], ['event', null]]) {
    assert.is(eventOf(command), undefined)
  }
  assert.equal(eventOf(['event', 'Search', null]), { eventName: 'Search', data: {} })
  assert.equal(eventOf(['event', 'Search', { data: 'words' }]), { eventName: 'Search', data: {} })
})

commands.run()
