/** The tracker's own references, on a page that changes what it was given. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { filter, map, parse, toText } from '../../src/tracker/own.ts'

const own = suite('tracker references')

own('[T6] lists stay lists where a library taught arrays another JSON', () => {
  const arrays: { toJSON?: unknown } & typeof Array.prototype = Array.prototype
  arrays.toJSON = () => 'no list'
  try {
    assert.is(toText({ a: [1, [2]], b: new Date(0) }), '{"a":[1,[2]],"b":"1970-01-01T00:00:00.000Z"}')
  } finally {
    delete arrays.toJSON
  }
})

own('[T6] map, filter and JSON are those of the time when the tracker came', () => {
  const was = { map: Array.prototype.map, filter: Array.prototype.filter, ...{ parse: JSON.parse } }
  const broken = () => {
    throw new Error('the page broke it')
  }
  Object.assign(Array.prototype, { map: broken, filter: broken })
  JSON.parse = broken
  try {
    const doubled = map([1, 2], (one) => one * 2)
    const odd = filter([1, 2, 3], (one) => one % 2)
    const read = parse('[7]')
    Object.assign(Array.prototype, { map: was.map, filter: was.filter })
    JSON.parse = was.parse
    assert.equal([doubled, odd, read], [[2, 4], [1, 3], [7]])
  } finally {
    Object.assign(Array.prototype, { map: was.map, filter: was.filter })
    JSON.parse = was.parse
  }
})

own.run()
