/** NATS killed, standing still, full, or not letting us in, under the whole server: browsers notice nothing, and all of it goes out. */
import { copyFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { makeCertificates } from '../bus/certificates.ts'
import { readStream, STREAM, withManager } from '../bus/real-stream.ts'
import { type CalmClient, startCalmClient } from '../helpers/calm-client.ts'
import { type NatsServer, startNatsServer } from '../helpers/nats-server.ts'
import { tempFolder } from '../helpers/temp-folder.ts'
import { startWatchedServer, type WatchedServer } from '../helpers/watched-server.ts'
import { eventually } from '../helpers/within.ts'

const faults = suite('NATS away')

const WAIT_MS = 30_000
/** Every event is a change to publish: what the stream holds can be compared with what was acknowledged. */
const ALL_EVENTS = ['--publish-events', '*']

interface Bus {
  readonly state: string
  readonly backlogRows: number
  readonly dead: number
}

/** `/readyz` stays ready, whatever NATS does; the part about NATS. */
async function busOf(server: WatchedServer): Promise<Bus> {
  const { status, body } = await server.ask('/readyz')
  assert.is(status, 200)
  return body.bus as Bus
}

/** Browsers go on, changes wait; when the fault is over they wait no longer. */
async function survive(
  server: WatchedServer,
  clients: readonly CalmClient[],
  fault: { begin(): unknown; end(): unknown },
): Promise<void> {
  await Promise.all(clients.map((one) => one.goesOn()))
  await fault.begin()
  await Promise.all(clients.map((one) => one.goesOn(20)))
  await eventually(WAIT_MS, 'changes wait', async () => (await busOf(server)).backlogRows > 0 || undefined)
  await fault.end()
  await eventually(WAIT_MS, 'all goes out', async () => {
    await Promise.all(clients.map((one) => one.goesOn(1)))
    return (await busOf(server)).backlogRows < clients.length * 5 || undefined
  })
}

/** The stream holds each event that was acknowledged once, in the order of its browser; nothing was given up. */
async function provePublished(server: WatchedServer, clients: readonly CalmClient[], nats: NatsServer) {
  await Promise.all(clients.map((one) => one.finish()))
  const published = async () => ((await busOf(server)).backlogRows === 0 ? true : undefined)
  await eventually(WAIT_MS, 'all is published', published)
  assert.is((await busOf(server)).dead, 0)
  for (const { told, closes } of clients) assert.equal([told, closes], [[], []], 'no browser noticed')
  assert.is(await server.end(), 0)
  await nats.kill()
  await nats.start({ configuration: '' })
  const messages = await readStream(nats)
  assert.is(new Set(messages.map(({ messageId }) => messageId)).size, messages.length, 'none twice')
  for (const { globalVisitID, acknowledged } of clients) {
    const own = messages.filter(({ subject }) => subject.endsWith(globalVisitID))
    const seqs = own.map(({ messageId }) => Number(messageId.split('.')[1]))
    assert.equal(
      seqs,
      seqs.toSorted((a, b) => a - b),
      'in order',
    )
    const events = own.filter(({ subject }) => subject.startsWith('vestibule.event.'))
    assert.equal(events.map(eventIDOf), acknowledged)
  }
  assert.is(await server.verify(), '')
}

function eventIDOf({ event }: { readonly event: unknown }): string {
  // A boundary: a message of ours.
  const { data } = event as { data: { event?: { eventID: string }; eventID?: string } }
  return data.eventID ?? data.event?.eventID ?? ''
}

faults(
  '[B2] [B5] killed, paused, asking for a password, full: no browser notices, and all goes out once, in order',
  async () => {
    const nats = await startNatsServer()
    const server = await startWatchedServer({ args: [...ALL_EVENTS, '--nats-url', nats.url] })
    const clients = [startCalmClient(server.track), startCalmClient(server.track, { identityId: 'ada' })]
    const again = async (configuration: string) => {
      await nats.kill()
      await nats.start({ configuration })
    }
    /** What it holds stays; more than so many bytes beside it are refused. */
    const fills = (bytes: number | null) =>
      withManager(nats, async (jsm) => {
        const { state } = await jsm.streams.info(STREAM)
        await jsm.streams.update(STREAM, { max_bytes: bytes === null ? -1 : state.bytes + bytes })
      })
    try {
      await survive(server, clients, { begin: nats.kill, end: () => nats.start() })
      await survive(server, clients, { begin: nats.freeze, end: nats.thaw })
      const guarded = 'authorization { user: ann, password: "s3cret" }'
      await survive(server, clients, { begin: () => again(guarded), end: () => again('') })
      await survive(server, clients, { begin: () => fills(1), end: () => fills(null) })
      await provePublished(server, clients, nats)
      assert.not.match(JSON.stringify(server.logged), 's3cret')
    } finally {
      for (const client of clients) client.close()
      await server.remove()
      await nats.stop()
    }
  },
)

faults(
  '[B2] [B7] TLS whose CA is not ours: no browser notices, and with the right file it connects by itself',
  async () => {
    const certificates = makeCertificates()
    const folder = tempFolder()
    const trusted = join(folder.path, 'ca.pem')
    const { serverCert, serverKey, ca, otherCa } = certificates
    copyFileSync(otherCa, trusted)
    const nats = await startNatsServer({
      configuration: `tls { cert_file: "${serverCert}", key_file: "${serverKey}" }`,
    })
    const url = `tls://localhost:${nats.port}`
    const server = await startWatchedServer({
      args: [...ALL_EVENTS, '--nats-url', url, '--nats-tls-ca', trusted],
    })
    const clients = [startCalmClient(server.track), startCalmClient(server.track, { identityId: 'ada' })]
    try {
      await survive(server, clients, {
        begin: async () => assert.is((await busOf(server)).state, 'connecting'),
        end: () => copyFileSync(ca, trusted),
      })
      await provePublished(server, clients, nats)
    } finally {
      for (const client of clients) client.close()
      await server.remove()
      await nats.stop()
      folder.remove()
      certificates.remove()
    }
  },
)

faults.run()
