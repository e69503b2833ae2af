import { connect } from 'node:net'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { eventually, within } from '../helpers/within.ts'
import { dial, type Listening, listen } from './listening.ts'
import { event, hello, system, TOKEN } from './words.ts'

const test = suite('track-post')

let servers: Listening[] = []
async function served(config = {}): Promise<Listening> {
  const server = await listen(config)
  servers.push(server)
  return server
}
test.after.each(async () => {
  await Promise.all(servers.map((server) => server.stop()))
  servers = []
})

interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly body: Record<string, Record<string, unknown>> & {
    readonly detail?: string
    readonly title?: string
  }
}

async function post(port: number, body: unknown, init: RequestInit = {}): Promise<Answer> {
  const response = await fetch(`http://127.0.0.1:${port}/track`, {
    method: 'POST',
    body: typeof body === 'string' ? body : JSON.stringify(body),
    ...init,
    headers: { 'content-type': 'application/json', ...init.headers },
  })
  const text = await response.text()
  return { status: response.status, headers: response.headers, body: text === '' ? {} : JSON.parse(text) }
}

function body(list: readonly unknown[], over: Record<string, unknown> = {}): Record<string, unknown> {
  const { type: _, ...fields } = hello(over)
  return { ...fields, events: list }
}

function assertProblem({ status, headers, body }: Answer, expected: number): void {
  assert.is(status, expected)
  assert.is(headers.get('content-type'), 'application/problem+json')
  assert.is(body.status, expected)
  assert.ok(body.title && body.detail)
}

test('[P2] a post does what hello and a batch do, and is answered with welcome and ack', async () => {
  const { port, visitors } = await served()
  const bad = system('Teleported')
  const {
    status,
    body: answer,
    headers,
  } = await post(port, body([system('VisitStarted'), event(), bad]), {
    headers: { 'user-agent': 'Server/1.0' },
  })
  assert.is(status, 200)
  assert.is(headers.get('content-type'), 'application/json')
  assert.is(answer.welcome?.globalVisitID, 'g1')
  assert.not('deviceToken' in (answer.welcome ?? {}))
  const { rejected, ...ack } = answer.ack ?? {}
  assert.equal(ack, { type: 'ack', id: 0, accepted: 2, duplicates: 0, visitID: 'v1' })
  assert.is((rejected as { eventID: string }[])[0]?.eventID, bad.eventID)
  const [first] = visitors.events()
  assert.equal([first?.via, first?.final, first?.userAgent?.text], ['http', false, 'Server/1.0'])
  assert.equal(visitors.presence(), [])
})

test('[V13] the events of a body marked `final` say so', async () => {
  const { port, visitors } = await served()
  await post(port, body([event(), system('PageExited')], { final: true }))
  assert.equal(
    visitors.events().map(({ final }) => final),
    [true, true],
  )
})

test('[P2] text/plain is taken as JSON, as beacons send it', async () => {
  const { port } = await served()
  const headers = { 'content-type': 'text/plain;charset=UTF-8' }
  assert.is((await post(port, body([event()]), { headers })).status, 200)
})

test('[P6] a post without an id gets one with a token', async () => {
  const { port } = await served()
  const { body: answer } = await post(port, { sentAt: 1, events: [event()] })
  assert.match(String(answer.welcome?.deviceToken), /^[0-9a-f]{32}$/)
})

test('[P6] a wrong or missing token is 401, and nothing is recorded', async () => {
  const { port, visitors } = await served()
  await post(port, body([event()]))
  for (const deviceToken of [TOKEN.replace('0', 'f'), undefined]) {
    assertProblem(await post(port, body([event()], { deviceToken })), 401)
  }
  assert.is(visitors.events().length, 1)
})

test('[P5] an event sent by socket and by post is recorded once', async () => {
  const { port, visitors } = await served()
  const once = event()
  const client = await dial(port)
  client.say(hello())
  client.say({ type: 'events', id: 1, sentAt: 1_000_000, events: [once] })
  await client.until('ack')
  const { body: answer } = await post(port, body([once], { final: true }))
  assert.is(answer.ack?.duplicates, 1)
  assert.is(visitors.events().length, 1)
})

test('[V11] what a post changes reaches the sockets of the visitor', async () => {
  const { port } = await served()
  const client = await dial(port)
  client.say(hello())
  await client.until('welcome')
  await post(port, body([system('VisitStarted'), system('ConsentWithdrawn')]))
  assert.equal(await client.until('visit'), { type: 'visit', visitID: 'v1' })
  assert.equal(await client.until('visit'), { type: 'visit', visitID: null, reason: 'withdrawn' })
})

test('[P7] a post needs proof like a socket', async () => {
  const { port } = await served({ identitySecret: 'secret' })
  const { body: answer } = await post(port, body([system('SignIn', { identityId: 'ada' }), event()]))
  assert.is(answer.ack?.accepted, 1)
  assert.match(JSON.stringify(answer.ack?.rejected), 'identity_unproven')
})

for (const [what, text] of [
  ['no JSON', '{'],
  ['no object', '[]'],
  ['without events', JSON.stringify(body([]))],
  ['with 101 events', JSON.stringify(body(Array.from({ length: 101 }, () => event())))],
  ['with a wrong id', JSON.stringify(body([event()], { globalVisitID: '../g2' }))],
] as const) {
  test(`[P2] a body that is ${what} is 400`, async () => {
    const { port, visitors } = await served()
    assertProblem(await post(port, text), 400)
    assert.is(visitors.entries.length, 0)
  })
}

test('[P2] a body that is not UTF-8 is 400', async () => {
  const { port } = await served()
  assertProblem(await post(port, '', { body: new Uint8Array([0x7b, 0xff, 0x7d]) }), 400)
})

test('[P2] a body of 64 KiB is taken, one byte more is 413, with and without a length told', async () => {
  const { port } = await served()
  const padded = (bytes: number) => JSON.stringify(body([event()])).padEnd(bytes)
  assert.is((await post(port, padded(65_536))).status, 200)
  assertProblem(await post(port, padded(65_537)), 413)
  const stream = new Blob([padded(65_537)]).stream()
  const streamed = { body: stream, duplex: 'half' } as RequestInit
  assertProblem(await post(port, '', streamed), 413)
})

test('[P2] another content type is 415', async () => {
  const { port } = await served()
  for (const type of ['application/x-www-form-urlencoded', 'application/jsonp', '']) {
    assertProblem(await post(port, body([event()]), { headers: { 'content-type': type } }), 415)
  }
})

test('[P2] only POST is served: others are 405, a GET is told to upgrade', async () => {
  const { port } = await served()
  const answer = await fetch(`http://127.0.0.1:${port}/track`, { method: 'DELETE' })
  assert.equal([answer.status, answer.headers.get('allow')], [405, 'POST, OPTIONS'])
  const get = await fetch(`http://127.0.0.1:${port}/track`)
  assert.equal([get.status, get.headers.get('upgrade')], [426, 'websocket'])
})

test('[P3] the page of a foreign origin is 403, its preflight too, and nothing is recorded', async () => {
  const { port, visitors } = await served()
  for (const method of ['POST', 'OPTIONS']) {
    for (const origin of ['https://evil.example', 'null']) {
      const init = { method, headers: { origin } }
      const answer = await post(port, body([event()]), method === 'POST' ? init : { ...init, body: null })
      assertProblem(answer, 403)
      assert.is(answer.headers.get('access-control-allow-origin'), null)
    }
  }
  assert.is(visitors.entries.length, 0)
})

test('[P3] pages of the list get CORS answers, errors as well, and never credentials', async () => {
  const { port } = await served({ origins: ['https://shop.example'] })
  const headers = { origin: 'https://shop.example' }
  const preflight = await fetch(`http://127.0.0.1:${port}/track`, { method: 'OPTIONS', headers })
  assert.is(preflight.status, 204)
  assert.is(preflight.headers.get('access-control-allow-methods'), 'POST')
  assert.is(preflight.headers.get('access-control-allow-headers'), 'content-type')
  const answers = [await post(port, body([event()]), { headers }), await post(port, '{', { headers })]
  assert.equal(
    answers.map(({ status }) => status),
    [200, 400],
  )
  for (const answer of [preflight, ...answers]) {
    assert.is(answer.headers.get('access-control-allow-origin'), 'https://shop.example')
    assert.is(answer.headers.get('vary'), 'origin')
    assert.is(answer.headers.get('access-control-allow-credentials'), null)
  }
})

test('[P2] past the rate of its address a post is 429 and told when to come again', async () => {
  const { port, visitors } = await served({ eventsPerSecond: 1, eventsBurst: 2 })
  assert.is((await post(port, body([event(), event()]))).status, 200)
  const answer = await post(port, body([event(), event()]))
  assertProblem(answer, 429)
  assert.ok(Number(answer.headers.get('retry-after')) >= 1)
  assert.is(visitors.events().length, 2)
})

test('[P6] past the new visitors of a minute a post is 429, and a known visitor is served', async () => {
  const { port } = await served({ newVisitorsPerMinute: 1 })
  await post(port, body([event()]))
  const answer = await post(port, body([event()], { globalVisitID: 'g2' }))
  assertProblem(answer, 429)
  assert.ok(Number(answer.headers.get('retry-after')) > 1)
  assert.is((await post(port, body([event()]))).status, 200)
})

test('[P2] [Q2] while nothing can be kept a post is 503, and 200 when it can', async () => {
  const { port, visitors, logged } = await served()
  visitors.full = true
  const full = await post(port, body([event()]))
  assertProblem(full, 503)
  assert.is(full.headers.get('retry-after'), '1')
  visitors.full = false
  visitors.failing = true
  assertProblem(await post(port, body([event()])), 503)
  visitors.failing = false
  assert.is((await post(port, body([event()]))).status, 200)
  assert.equal(
    logged.filter((line) => line.startsWith('error')),
    [],
  )
})

test('[Q6] while the server drains a post is 503', async () => {
  const { port, gateway } = await served()
  await gateway.drain()
  assertProblem(await post(port, body([event()])), 503)
})

test('[Q6] a drain waits for the answer of a post that was taken', async () => {
  const { port, gateway, visitors } = await served()
  await post(port, body([event()]))
  visitors.hold()
  const answer = post(port, body([event({ eventID: 'taken' })]))
  await eventually(5_000, 'the post taken', () => (visitors.waiting() === 1 ? true : undefined))
  const drained = gateway.drain()
  visitors.release()
  assert.is((await answer).status, 200)
  await within(5_000, 'the drain', drained)
})

test('[Q9] bodies that never end count against the connections of their address', async () => {
  const { port } = await served({ connectionsPerAddress: 2 })
  const head = 'POST /track HTTP/1.1\r\nHost: x\r\nContent-Type: text/plain\r\nContent-Length: 100\r\n\r\n{'
  const slow = [connect(port, '127.0.0.1'), connect(port, '127.0.0.1')]
  await Promise.all(slow.map((socket) => new Promise<void>((done) => socket.write(head, () => done()))))
  const tooMany = async () => {
    for (;;) {
      const answer = await post(port, body([event()]))
      if (answer.status === 429) return answer
    }
  }
  assertProblem(await within(5_000, 'a refusal', tooMany()), 429)
  for (const socket of slow) socket.destroy()
  const served200 = async () => {
    while ((await post(port, body([event()]))).status !== 200);
  }
  await within(5_000, 'an answer', served200())
})

test('[Q9] a client that goes away in its body hurts nobody', async () => {
  const { port, logged } = await served()
  const socket = connect(port, '127.0.0.1')
  const head = 'POST /track HTTP/1.1\r\nHost: x\r\nContent-Type: text/plain\r\nContent-Length: 100\r\n\r\n{'
  await new Promise<void>((done) => socket.write(head, () => done()))
  assert.is((await post(port, body([event()]))).status, 200)
  socket.resetAndDestroy()
  assert.is((await post(port, body([event()]))).status, 200)
  assert.equal(
    logged.filter((line) => line.startsWith('error')),
    [],
  )
})

test.run()
