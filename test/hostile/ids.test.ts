/** Ids made of what separates paths, keys and subjects: each names one, and reaches nothing of another's. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { WatchedServer } from '../helpers/watched-server.ts'
import { besiege } from './besieged.ts'

const ids = suite('hostile ids')

/** People whose names hold the others' names, and every separator that we or our libraries know. */
const PEOPLE = [
  ...[
    'ada',
    'ada/visits',
    '../ada',
    'ada/..',
    './ada',
    '/ada',
    'ada%2Fvisits',
    'ada?x=1',
    'ada#x',
    'ada;x',
    'ada\\visits',
  ],
  ...[
    'ada.>',
    '*',
    '>',
    'ada.*',
    'ada:1',
    'ada|1',
    'ada,eve',
    'ADA',
    'ädä',
    '__proto__',
    'constructor',
    'toString',
  ],
  ...['ada\u{1F600}', "ada' or '1'='1", '<script>', '%00', 'a'.repeat(256)],
]
/** E6: not one of these is an id of a browser. */
const NO_IDS = [
  '',
  'a/b',
  '../a',
  'a.b',
  'a:b',
  'a b',
  '*',
  '>',
  'é',
  'a\u0000',
  '%2e',
  'a'.repeat(65),
  1,
  {},
  ['a'],
]

function event(visitID: unknown, eventName: string, data: object) {
  return {
    ...{ eventType: 'SYSTEM', eventName, eventID: `${eventName}-1`, visitID, pageID: 'p1' },
    ...{ timestamp: Date.now(), url: 'https://shop.example/', data },
  }
}

async function post({ url }: WatchedServer, globalVisitID: unknown, events: readonly object[]) {
  const said = { globalVisitID, deviceToken: 'D'.repeat(32), sentAt: Date.now(), events }
  const answer = await fetch(`${url}/track`, { method: 'POST', body: JSON.stringify(said) })
  return { status: answer.status, body: (await answer.json()) as { ack?: { accepted: number } } }
}

ids(
  '[Q9] a name made of separators is one name: its paths give its own visits, and nobody else’s',
  async () => {
    await besiege({}, async (server) => {
      for (const [index, identityId] of PEOPLE.entries()) {
        const visitID = `visit-${index}`
        const events = [event(visitID, 'VisitStarted', {}), event(visitID, 'SignIn', { identityId })]
        const { body } = await post(server, `visitor-${index}`, events)
        assert.is(body.ack?.accepted, 2, identityId)
      }
      for (const [index, identityId] of PEOPLE.entries()) {
        const name = encodeURIComponent(identityId)
        const { status, body } = await server.ask(`/backend/data/identities/${name}/visits`)
        assert.is(status, 200, identityId)
        const visits = JSON.parse(String(body.text)) as readonly { readonly visitId: string }[]
        assert.equal(
          visits.map(({ visitId }) => visitId),
          [`visit-${index}`],
          identityId,
        )
      }
    })
  },
)

ids('[Q9] what is no id of a browser is refused, in a hello and in an event, and makes nobody', async () => {
  await besiege({}, async (server) => {
    const before = await server.figure('vestibule_visitors')
    for (const id of NO_IDS) {
      const label = JSON.stringify(id)
      assert.is((await post(server, id, [event('v1', 'VisitStarted', {})])).status, 400, label)
    }
    assert.is(await server.figure('vestibule_visitors'), before)
    for (const id of NO_IDS) {
      const { body } = await post(server, 'visitor-1', [event(id, 'VisitStarted', {})])
      assert.is(body.ack?.accepted, 0, JSON.stringify(id))
    }
  })
})

ids.run()
