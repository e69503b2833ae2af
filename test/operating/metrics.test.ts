/** `/metrics`: what is counted is what happened, and no id of anybody is in it. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { WebSocket } from 'ws'
import { createMetrics, watchRooms } from '../../src/operating/metrics.ts'
import { eventually } from '../helpers/within.ts'
import { event, KEY, type LiveServer, openServer, signIn } from '../live/a-server.ts'

const metrics = suite('metrics')

let server: LiveServer
metrics.before.each(async () => {
  server = await openServer({ identitySecret: 'a site secret', proofs: 'report' })
})
metrics.after.each(() => server.close())

const OPERATOR = { authorization: 'Bearer poor-secret-012345' }

async function read(): Promise<string> {
  const answer = await fetch(`${server.url}/metrics`, { headers: OPERATOR })
  assert.is(answer.status, 200)
  assert.match(answer.headers.get('content-type') ?? '', 'text/plain; version=0.0.4')
  return answer.text()
}

/** The value of a series, as it is written. */
function valueIn(text: string, series: string): number | undefined {
  const line = text.split('\n').find((candidate) => candidate.startsWith(`${series} `))
  return line === undefined ? undefined : Number(line.slice(series.length + 1))
}

metrics('[Q9] it takes a key with the scope metrics', async () => {
  assert.is((await fetch(`${server.url}/metrics`)).status, 401)
  assert.is((await fetch(`${server.url}/metrics`, { headers: KEY })).status, 403)
})

metrics('events by outcome and code, batches, proofs, HTTP by route and status', async () => {
  const twice = event('VisitStarted')
  await server.track('g1', [twice, event('Looked'), event('Teleported', { eventType: 'SYSTEM' })])
  await server.track('g1', [twice, signIn('pat@example.com')])
  await (await fetch(`${server.url}/backend/data/visits/v1`, { headers: KEY })).text()
  await (await fetch(`${server.url}/backend/data/visits/none`, { headers: KEY })).text()
  await (await fetch(`${server.url}/nowhere/pat@example.com`)).text()
  const text = await eventually(5_000, 'both posts to be closed', async () => {
    const now = await read()
    const posts = valueIn(now, 'vestibule_http_requests_total{route="/track",method="POST",status="200"}')
    return posts === 2 ? now : undefined
  })
  const expected: Readonly<Record<string, number>> = {
    'vestibule_events_total{outcome="accepted"}': 3,
    'vestibule_events_total{outcome="duplicate"}': 1,
    'vestibule_events_total{outcome="rejected"}': 1,
    'vestibule_rejections_total{code="unknown_event"}': 1,
    vestibule_batches_total: 2,
    vestibule_ack_seconds_count: 2,
    vestibule_unproven_total: 1,
    vestibule_visitors: 1,
    vestibule_store_available: 1,
    vestibule_sockets: 0,
    'vestibule_http_requests_total{route="/backend/data/visits/:visitId",method="GET",status="200"}': 1,
    'vestibule_http_requests_total{route="/backend/data/visits/:visitId",method="GET",status="404"}': 1,
  }
  const found = Object.keys(expected).map((series) => [series, valueIn(text, series)])
  assert.equal(Object.fromEntries(found), expected)
  for (const personal of ['pat@example.com', 'g1', 'v1"', 'nowhere']) assert.not.match(text, personal)
})

metrics('sockets and their closes by code; live streams', async () => {
  const socket = new WebSocket(`${server.url.replace('http', 'ws')}/track`)
  await new Promise((resolve) => socket.once('open', resolve))
  const reader = await server.listen('')
  const open = await read()
  assert.is(valueIn(open, 'vestibule_sockets'), 1)
  assert.is(valueIn(open, 'vestibule_live_streams'), 1)
  reader.close()
  socket.send('no message')
  await new Promise((resolve) => socket.once('close', resolve))
  await eventually(5_000, 'the close', async () => {
    const text = await read()
    return valueIn(text, 'vestibule_closes_total{code="4500"}') === 1 ? true : undefined
  })
})

metrics("a client's own close codes are counted together", async () => {
  const { closed, registry } = createMetrics()
  for (const code of [1000, 3999, 4567, 4999, 4001]) closed(code)
  const text = await registry.metrics()
  assert.is(valueIn(text, 'vestibule_closes_total{code="other"}'), 3)
  assert.is(valueIn(text, 'vestibule_closes_total{code="4001"}'), 1)
})

metrics('the relay is watched where there is one', async () => {
  const { watch, registry } = createMetrics()
  watchRooms(
    { watch },
    {
      store: {
        stats: () => ({
          ...{ bytes: 10, fileBytes: 11, mapBytes: 12, quotaBytes: 20 },
          lastPosition: 3,
          lastAt: 4,
        }),
        rowCount: () => 7,
        unavailable: () => 'disk full',
      },
      visitors: () => ({ awake: 1, waiting: 2 }),
      sockets: () => 3,
      liveStreams: () => 4,
      auditLost: () => 5,
      relay: () => ({
        ...{ connected: true, state: 'open', mode: 'jetStream', problem: null, backlogRows: 8 },
        ...{ oldestAgeMs: 1_500, isOverLimit: false, published: 9, dead: 6 },
      }),
    },
  )
  const text = await registry.metrics()
  assert.is(valueIn(text, 'vestibule_relay_backlog_age_seconds'), 1.5)
  assert.is(valueIn(text, 'vestibule_relay_backlog_rows'), 8)
  assert.is(valueIn(text, 'vestibule_relay_dead'), 6)
  assert.is(valueIn(text, 'vestibule_store_available'), 0)
  assert.is(valueIn(text, 'vestibule_store_bytes'), 10)
  assert.is(valueIn(text, 'vestibule_store_file_bytes'), 11)
  assert.is(valueIn(text, 'vestibule_store_map_bytes'), 12)
  assert.is(valueIn(text, 'vestibule_actors_awake'), 1)
  assert.is(valueIn(text, 'vestibule_actors_asleep'), 6)
  assert.is(valueIn(text, 'vestibule_deadlines'), 7)
})

metrics.run()
