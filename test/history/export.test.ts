/** What a person may ask for: all that is kept of them, as lines, as fast as they are read (Q12, H7, H8). */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { bodyOfLines } from '../../src/history/lines.ts'
import { openRealHouse } from './real-house.ts'

const exporting = suite('History: the export of a person')

exporting(
  '[Q12] everything of the person, nothing of another on the same device, and a line in the audit log',
  async () => {
    const house = await openRealHouse()
    const { record, event, ask } = house
    await record('g1', event('VisitStarted'), event('PageEntered'))
    await record('g1', event('SignIn', { identityId: 'pat@example.com' }, { data: { name: 'Patricia' } }))
    for (let part = 0; part < 12; part += 1) {
      await record('g1', ...Array.from({ length: 100 }, (_, n) => event(`Pats${part}x${n}`)))
    }
    await record('g1', event('SignIn', { identityId: 'sam@example.com' }), event('SamsOwn'))
    const answer = await ask('/identities/pat@example.com/export')
    assert.is(answer.status, 200)
    assert.is(answer.headers.get('content-type'), 'application/x-ndjson')
    const lines = answer.body as unknown as readonly { readonly kind: string; readonly eventName?: string }[]
    assert.is(lines[0]?.kind, 'person')
    assert.is(lines.filter(({ eventName }) => eventName?.startsWith('Pats')).length, 1_200)
    assert.not.match(JSON.stringify(lines), /sam/i)
    const line = { who: 'all', what: 'GET /identities/{identityId}/export', outcome: 200 }
    assert.equal(house.audited.at(-1), line)
    assert.is((await ask('/identities/nobody@example.com/export')).status, 404)
    assert.is((await ask('/identities/pat@example.com/export?page_size=3')).status, 400)
    await house.close()
  },
)

exporting(
  '[H7] [H8] a line is made when the part before has been read, and each part takes its turn',
  async () => {
    let [made, turns, isOver] = [0, 0, false]
    function* told() {
      try {
        for (; made < 10_000; made += 1) yield made % 50 === 49 ? null : { text: 'x'.repeat(1_000) }
      } finally {
        isOver = true
      }
    }
    const body = bodyOfLines(told(), async () => {
      turns += 1
    })
    const reader = body.getReader()
    const first = await reader.read()
    assert.ok(made < 100)
    assert.is(turns, 1)
    assert.match(new TextDecoder().decode(first.value), /^(\{"text":"x+"\}\n)+$/)
    await reader.read()
    assert.ok(made < 200)
    assert.ok(turns <= 3)
    await reader.cancel()
    assert.is(isOver, true)
  },
)

exporting.run()
