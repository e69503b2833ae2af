/** Tickets to `/live`, keys that go away, and readers that take nothing. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Hono } from 'hono'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { defaultConfig } from '../../src/config.ts'
import { createAsking } from '../../src/live/asking.ts'
import { refusal } from '../../src/live/refusal.ts'
import { createTickets, TICKET_MS, TICKETS_MAX } from '../../src/live/tickets.ts'
import { tempFolder } from '../helpers/temp-folder.ts'
import { eventually, within } from '../helpers/within.ts'
import { event, KEY, type LiveServer, openServer, SECRET } from './a-server.ts'

const tickets = suite('live: tickets')

let servers: LiveServer[] = []
let folders: ReturnType<typeof tempFolder>[] = []
async function opened(...options: Parameters<typeof openServer>): Promise<LiveServer> {
  const server = await openServer(...options)
  servers.push(server)
  return server
}
tickets.after.each(async () => {
  await Promise.all(servers.map((server) => server.close()))
  for (const folder of folders) folder.remove()
  servers = []
  folders = []
})

const FILTERS = { kinds: ['visit'], globalVisitID: 'g1', identityId: null, state: null } as const

async function ticketFor(server: LiveServer, filters: unknown, headers: Record<string, string> = KEY) {
  const init = {
    method: 'POST',
    headers,
    body: typeof filters === 'string' ? filters : JSON.stringify(filters),
  }
  const answer = await fetch(`${server.url}/live/tickets`, init)
  return { status: answer.status, body: (await answer.json()) as { ticket: string; parameter?: string } }
}

tickets('[Q9] a ticket lets in once, without a key, and to its filters', async () => {
  const server = await opened()
  const { status, body } = await ticketFor(server, { globalVisitID: 'g2' })
  assert.is(status, 201)
  const other = await server.listen(`?ticket=${body.ticket}&globalVisitID=g1`, {})
  assert.is(other.status, 400, 'its filters cannot be changed')
  const reader = await server.listen(`?ticket=${body.ticket}&lastEventId=0`, {})
  assert.is(reader.status, 200)
  await server.track('g1', [event('VisitStarted')])
  await server.track('g2', [event('VisitStarted', { visitID: 'v2' })])
  assert.is((await reader.next()).data.globalVisitID, 'g2')
  assert.is((await server.listen(`?ticket=${body.ticket}`, {})).status, 401, 'it was used')
  assert.is((await server.listen('?ticket=none', {})).status, 401)
})

tickets('[Q9] a ticket needs a key that may read, and filters that are right', async () => {
  const server = await opened()
  assert.is((await ticketFor(server, {}, {})).status, 401)
  assert.is((await ticketFor(server, {}, { authorization: 'Bearer poor-secret-012345' })).status, 403)
  assert.equal((await ticketFor(server, { kind: 'event' })).body.parameter, 'kind')
  assert.is((await ticketFor(server, '{')).status, 400)
  assert.is((await ticketFor(server, '')).status, 201)
  assert.is((await ticketFor(server, ' '.repeat(4_096))).status, 400, 'as long as may be')
  assert.is((await ticketFor(server, ' '.repeat(4_097))).status, 413)
})

tickets('[Q9] wrong tickets are slowed down like wrong keys', async () => {
  const asked: string[] = []
  const answers = [null, refusal(429, 'too many')]
  const ask = createAsking({
    access: {
      admit: async () => ({ name: 'desk' }),
      slow: async (context) => {
        asked.push(context.req.path)
        return answers.shift() ?? null
      },
      holds: () => true,
      onReplaced: () => () => {},
    },
    tickets: createTickets<{ readonly name: string }>(() => 0),
    allEvents: false,
  })
  const app = new Hono()
  app.get('/live', async (context) => {
    const answer = await ask(context)
    return answer instanceof Response ? answer : context.text('let in')
  })
  assert.is((await app.request('/live?ticket=wrong')).status, 401)
  assert.is((await app.request('/live?ticket=wrong')).status, 429)
  assert.is((await app.request('/live?ticket=wrong&state=x')).status, 400)
  assert.equal(asked, ['/live', '/live'])
})

tickets('[Q9] a key in a query is 400 beside the table too, and is not repeated', async () => {
  const { url } = await opened()
  for (const path of ['/live', '/metrics']) {
    for (const headers of [{}, KEY]) {
      const answer = await fetch(`${url}${path}?access_token=${SECRET}`, { headers })
      const body = await answer.text()
      assert.equal([answer.status, JSON.parse(body).parameter], [400, 'access_token'], path)
      assert.not.match(body, SECRET)
    }
  }
})

tickets('[Q9] a key without the scope leaves a line in the audit log', async () => {
  const server = await opened()
  const headers = { authorization: 'Bearer poor-secret-012345' }
  assert.is((await server.listen('', headers)).status, 403)
  assert.is((await ticketFor(server, {}, headers)).status, 403)
  const lines = readFileSync(join(server.path, 'audit.log'), 'utf8').trim().split('\n')
  const told = lines.map((line) => JSON.parse(line)).map(({ what, outcome }) => [what, outcome])
  assert.equal(told, [
    ['GET /live', 403],
    ['POST /live/tickets', 403],
  ])
})

tickets('[Q9] a ticket is good for a minute', () => {
  let now = 0
  const book = createTickets<string>(() => now)
  const first = book.issue({ who: 'desk', filters: FILTERS })
  const second = book.issue({ who: 'desk', filters: FILTERS })
  assert.is(first.expiresAt, TICKET_MS)
  now = TICKET_MS - 1
  assert.is(book.redeem(first.ticket)?.who, 'desk')
  now = TICKET_MS
  assert.is(book.redeem(second.ticket), null)
})

tickets('past so many unused tickets the oldest is void', () => {
  const book = createTickets<string>(() => 0)
  const issue = () => book.issue({ who: 'desk', filters: FILTERS }).ticket
  const [first, second] = [issue(), issue()]
  for (let count = 2; count <= TICKETS_MAX; count += 1) issue()
  assert.is(book.redeem(first), null)
  assert.is(book.redeem(second)?.who, 'desk')
})

tickets('[Q9] a key that is removed or changed ends its streams and its tickets; others go on', async () => {
  const folder = tempFolder()
  folders.push(folder)
  const keysFile = join(folder.path, 'keys')
  const line = (name: string, secret: string) => `${name}:${secret}:history:read\n`
  const [gone, changed] = ['gone-secret-01234567', 'changed-secret-01234']
  writeFileSync(keysFile, line('gone', gone) + line('changed', changed))
  const server = await opened({ keysFile })
  const bearer = (secret: string) => ({ authorization: `Bearer ${secret}` })
  const kept = await server.listen('')
  const removed = await server.listen('', bearer(gone))
  const rewritten = await server.listen('', bearer(changed))
  const { body } = await ticketFor(server, {}, bearer(gone))
  writeFileSync(keysFile, line('changed', 'another-secret-01234'))
  server.rereadKeys()
  await within(5_000, 'the end of both', Promise.all([removed.over, rewritten.over]))
  assert.match(removed.text(), ': the key does not hold any more')
  assert.is((await server.listen(`?ticket=${body.ticket}`, {})).status, 401)
  assert.is((await server.listen('', bearer(gone))).status, 401)
  assert.is((await server.listen('', bearer('another-secret-01234'))).status, 200)
  await server.track('g1', [event('VisitStarted')])
  assert.is((await kept.next()).event, 'visit')
})

tickets('[Q9] keys that are not right are not taken: those there are stay', async () => {
  const folder = tempFolder()
  folders.push(folder)
  const keysFile = join(folder.path, 'keys')
  writeFileSync(keysFile, '')
  const server = await opened({ keysFile })
  const reader = await server.listen('')
  writeFileSync(keysFile, `reader:${SECRET}:history:read\n`)
  assert.throws(() => server.rereadKeys(), /configured twice/)
  await server.track('g1', [event('VisitStarted')])
  assert.is((await reader.next()).event, 'visit')
})

tickets('the default keeps what a reader needs to come back for a day', () => {
  assert.is(defaultConfig().liveKeepMs, 86_400_000)
})

tickets('a desktop of a configured origin may ask, and no other', async () => {
  const server = await opened({ historyOrigins: ['https://desktop.example'] })
  const ask = (origin: string, method = 'GET') =>
    fetch(`${server.url}/backend/data/contacts`, { method, headers: { ...KEY, origin } })
  const allowed = (answer: Response) => answer.headers.get('access-control-allow-origin')
  assert.is(allowed(await ask('https://desktop.example')), 'https://desktop.example')
  assert.is(allowed(await ask('https://evil.example')), null)
  const preflight = await ask('https://desktop.example', 'OPTIONS')
  assert.is(preflight.status, 204)
  assert.match(preflight.headers.get('access-control-allow-headers') ?? '', 'Authorization')
  const reader = await server.listen('', { ...KEY, origin: 'https://desktop.example' })
  assert.is(reader.headers['access-control-allow-origin'], 'https://desktop.example')
  await eventually(5_000, 'a comment', () => reader.text() !== '' || undefined)
})

tickets.run()
