/** The load generator against servers that are right, and against some that are not. */
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type WebSocket, WebSocketServer } from 'ws'
import { NotCarried } from '../../bench/frames.ts'
import { openGenerator } from '../../bench/generator-process.ts'
import { within } from '../helpers/within.ts'

const generator = suite('the load generator')

interface Batch {
  readonly id: number
  readonly events: readonly { readonly eventID: string; readonly eventName: string }[]
}

type AnswerBatch = (batch: Batch, say: (message: unknown) => void, socket: WebSocket) => void

const ackOf = ({ id, events }: Batch, accepted = events.length) => ({
  ...{ type: 'ack', id, accepted, duplicates: 0, rejected: [], visitID: null },
})

const rightly: AnswerBatch = (batch, say) => {
  for (const { eventName } of batch.events) {
    if (eventName.startsWith('Sign')) say({ type: 'identity', state: 'Authenticated' })
  }
  say(ackOf(batch))
}

async function withServer(answer: AnswerBatch, work: (port: number) => Promise<void>): Promise<void> {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' })
  await once(server, 'listening')
  server.on('connection', (socket) => {
    const say = (message: unknown) => socket.send(JSON.stringify(message))
    socket.on('message', (frame) => {
      const message = JSON.parse(String(frame))
      if (message.type === 'hello') say({ type: 'welcome' })
      else answer(message, say, socket)
    })
  })
  // The boundary where an address in use is one of a port.
  const { port } = server.address() as AddressInfo
  try {
    await within(30_000, 'the work with a server', work(port))
  } finally {
    for (const socket of server.clients) socket.terminate()
    server.close()
  }
}

/** What became of a short load. */
async function load(port: number): Promise<Error | null> {
  try {
    const one = await openGenerator({ port, connections: 2, greeting: 2, signsIn: true })
    await one.measure(100, { warmUpMs: 10, inFlight: 2 })
    await one.leave()
    await one.end()
    return null
  } catch (cause) {
    return cause instanceof Error ? cause : new Error(String(cause))
  }
}

generator('counts what was acknowledged, pushes too, and shows whom it was', async () => {
  const kept = new Map<string, number>()
  const keep: AnswerBatch = (batch, say, socket) => {
    for (const { eventID } of batch.events) kept.set(eventID, kept.size)
    rightly(batch, say, socket)
  }
  await withServer(keep, async (port) => {
    const one = await openGenerator({ port, connections: 2, greeting: 2, signsIn: true })
    assert.is(kept.size, 4)
    const result = await one.measure(200, { warmUpMs: 50, eventsPerMessage: 5, inFlight: 2 })
    assert.is(result.allEvents, kept.size - 4)
    assert.ok(result.events > 0 && result.events <= result.allEvents)
    assert.ok(result.push.p50Ms > 0)
    const nobody = await one.measure(20, { warmUpMs: 10, batchesPerSecond: 0.001 })
    assert.equal([nobody.events, nobody.p50Ms], [0, Number.NaN])
    const seen = await one.see()
    assert.is(seen.length, 2)
    for (const { eventIDs } of seen) {
      const places = eventIDs.map((id) => kept.get(id) ?? -1)
      assert.equal(
        places,
        places.toSorted((a, b) => a - b),
      )
      assert.ok(!places.includes(-1))
    }
    const said = await one.leave()
    assert.is(said.events, kept.size)
    assert.ok(said.eventBytes > said.events * 100)
    await one.end()
  })
})

generator('visits of so many events are followed by others, and none says more', async () => {
  const made = new Map<WebSocket, number>()
  const count: AnswerBatch = (batch, say, socket) => {
    made.set(socket, (made.get(socket) ?? 0) + batch.events.length)
    rightly(batch, say, socket)
  }
  await withServer(count, async (port) => {
    const one = await openGenerator({ port, connections: 2, greeting: 2 })
    await one.measure(200, { warmUpMs: 10, eventsPerVisitor: 15 })
    // Whoever was done when the first phase ended makes room in the second.
    await one.measure(200, { warmUpMs: 10, eventsPerVisitor: 15 })
    await one.leave()
    await one.end()
  })
  const counts = [...made.values()]
  assert.ok(counts.length > 4)
  assert.is(Math.max(...counts), 15)
})

generator('an ack that accepts fewer events than were sent ends the bench', async () => {
  const short: AnswerBatch = (batch, say) => say(ackOf(batch, batch.events.length - (batch.id === 3 ? 1 : 0)))
  await withServer(short, async (port) => {
    assert.match((await load(port))?.message ?? '', /not the ack of batch 3 with 1 events/)
  })
})

generator('an ack that is left out ends the bench', async () => {
  const leavingOut: AnswerBatch = (batch, say) => (batch.id === 3 ? undefined : say(ackOf(batch)))
  await withServer(leavingOut, async (port) => {
    assert.match((await load(port))?.message ?? '', /not the ack of batch 3/)
  })
})

generator('a push that nothing caused ends the bench', async () => {
  const pushing: AnswerBatch = (batch, say, socket) => {
    if (batch.id === 1) say({ type: 'identity', state: 'Anonymous' })
    rightly(batch, say, socket)
  }
  await withServer(pushing, async (port) => {
    assert.match((await load(port))?.message ?? '', /a push that nothing caused/)
  })
})

generator('a change that is acknowledged but never pushed ends the bench', async () => {
  await withServer(
    (batch, say) => say(ackOf(batch)),
    async (port) => {
      assert.match((await load(port))?.message ?? '', /was not pushed/)
    },
  )
})

generator('a server that closes connections is wrong in nothing, but does not carry them', async () => {
  const closing: AnswerBatch = (batch, say, socket) => {
    if (batch.id === 2) socket.close(4005, 'too many connections')
    else say(ackOf(batch))
  }
  await withServer(closing, async (port) => {
    const failure = await load(port)
    assert.instance(failure, NotCarried)
    assert.match(failure?.message ?? '', /4005 too many connections/)
  })
})

generator(
  'a server that answers no more, and closes nothing, does not carry them: after a named limit',
  async () => {
    const silent: AnswerBatch = (batch, say) => (batch.id === 2 ? undefined : say(ackOf(batch)))
    await withServer(silent, async (port) => {
      const one = await openGenerator({ port, connections: 3, greeting: 2, silenceMs: 2_000 })
      const failure = await failureOf(one.measure(50, { warmUpMs: 10, inFlight: 1 }))
      assert.instance(failure, NotCarried)
      assert.match(failure?.message ?? '', /nothing within SILENCE \(2 s\)/)
      assert.is(failure?.welcomed, 3)
      await one.end()
    })
  },
)

generator('who is never welcomed is waited for as long; how many were is told', async () => {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' })
  await once(server, 'listening')
  let welcomed = 0
  server.on('connection', (socket) => {
    socket.on('message', () => {
      if (welcomed === 4) return
      welcomed += 1
      socket.send(JSON.stringify({ type: 'welcome' }))
    })
  })
  // The boundary where an address in use is one of a port.
  const { port } = server.address() as AddressInfo
  const failure = await failureOf(openGenerator({ port, connections: 6, silenceMs: 2_000 }))
  assert.instance(failure, NotCarried)
  assert.is(failure?.welcomed, 4)
  for (const socket of server.clients) socket.terminate()
  server.close()
})

async function failureOf(work: Promise<unknown>): Promise<NotCarried | null> {
  return await within(
    30_000,
    'a failure',
    work.then(
      () => null,
      (cause: unknown) => (cause instanceof NotCarried ? cause : null),
    ),
  )
}

generator.run()
