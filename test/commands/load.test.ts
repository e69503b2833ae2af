/** `vestibule load` against a server of the test's own: its manners, its books, its words. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { WAIT_MAX_MS, waitBeforeMs } from '../../src/commands/load/coming-back.ts'
import { newDevice, startAnew } from '../../src/commands/load/device.ts'
import { openLedger, type VisitTruth } from '../../src/commands/load/ledger.ts'
import { LoadArgumentError, readLoadOptions } from '../../src/commands/load/options.ts'
import { settle } from '../../src/commands/load/people.ts'
import { randomFrom } from '../../src/commands/load/random.ts'
import { summary } from '../../src/commands/load/report.ts'
import { runLoad } from '../../src/commands/load/run.ts'
import { addLatency, latencyAt, newLatencies } from '../../src/commands/load/tally.ts'
import { planVisit } from '../../src/commands/load/visit-plan.ts'
import { tempFolder } from '../helpers/temp-folder.ts'
import { within } from '../helpers/within.ts'
import { type Asked, type FakeServer, startFakeServer } from './fake-server.ts'

const test = suite('commands/load')

/** A short, quick run; its books, and what the server saw. */
async function run(asked: Asked, args: readonly string[] = []) {
  const server = await startFakeServer(asked)
  const folder = tempFolder()
  const paths = { truth: join(folder.path, 'truth'), acked: join(folder.path, 'acked') }
  const defaults = ['--rate', '900', '--browsers', '6', '--seed', '7']
  const read = readLoadOptions([...defaults, ...args, '--url', server.url], 0)
  if (read === null) throw new Error('help')
  const options = { ...read, seconds: 0.3 }
  const ledger = openLedger(paths.truth, paths.acked)
  try {
    const signal = new AbortController().signal
    const ended = await within(20_000, 'a load run', runLoad(options, { ledger, signal, progress: () => {} }))
    await ledger.close()
    return { server, options, ended, truth: lines(paths.truth), acked: lines(paths.acked) }
  } finally {
    await server.close()
    folder.remove()
  }
}

function lines(path: string): Record<string, string>[] {
  const text = readFileSync(path, 'utf8')
  return text === ''
    ? []
    : text
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line))
}

/** Every event was kept once, and each one that was acknowledged was written down, in its tab's order. */
function balances(
  { tally, unacknowledged }: { tally: { made: number }; unacknowledged: number },
  server: FakeServer,
) {
  const kept = [...server.kept.values()].flat()
  assert.is(kept.length, tally.made)
  assert.is(new Set(kept).size, tally.made)
  assert.is(unacknowledged, 0)
}

for (const encoding of ['json', 'msgpack']) {
  test(`[P5] over ${encoding}: all that happens is acknowledged, through every reconnect`, async () => {
    const { server, ended, acked, options } = await run({}, ['--encoding', encoding])
    balances(ended, server)
    assert.ok(ended.tally.made > 0)
    assert.is(acked.length, ended.tally.made)
    assert.equal(new Set(acked.map(({ eventID }) => eventID)), new Set([...server.kept.values()].flat()))
    assert.ok(summary(options, ended).ok)
  })
}

test('[P5] what is not acknowledged is sent again with the same eventIDs, and is not kept twice', async () => {
  const treats = (_: unknown, batches: number) =>
    batches % 40 === 20 ? 'losesIt' : batches % 40 === 39 ? 'losesTheAck' : 'acks'
  const { server, ended, acked } = await run({ treats })
  balances(ended, server)
  assert.ok(ended.tally.duplicates > 0)
  assert.ok(ended.tally.reconnects > 0)
  assert.is(ended.tally.accepted + ended.tally.duplicates, ended.tally.made)
  assert.is(acked.length, ended.tally.made)
})

test('[P4] it keeps the limits of welcome: batches, batches in flight, events a second', async () => {
  const limits = { batchEvents: 4, inFlight: 2, eventsPerSecond: 40 }
  const { server, ended } = await run({ limits, ackMs: 20 }, ['--events-per-message', '10', '--rate', '400'])
  balances(ended, server)
  assert.ok(Math.max(...server.batchSizes) === 4)
  assert.ok(server.inFlightMost() <= 2)
})

test('[P4] a frame is never larger than welcome allows', async () => {
  const limits = { frameBytes: 1_000 }
  const { server, ended } = await run({ limits }, ['--events-per-message', '10', '--rate', '400'])
  balances(ended, server)
  assert.ok(Math.max(...server.batchSizes) <= 3)
})

test('[P4] after 1009 its batches are half as large', async () => {
  const treats = ({ events }: { events: readonly unknown[] }) => (events.length > 2 ? 1009 : 'acks')
  const { server, ended } = await run({ treats }, ['--events-per-message', '4', '--rate', '400'])
  balances(ended, server)
  assert.ok(server.batchSizes.includes(2))
})

test('[P4] after a code of 4500 and above it stops, and says so', async () => {
  const { server, ended, options } = await run({ refuses: () => 4500 })
  assert.is(ended.stopped, 6)
  assert.ok(server.hellos.length <= 18, 'no tab came twice')
  const { ok, text } = summary(options, ended)
  assert.not.ok(ok)
  assert.match(text, '6 browsers were told to stop')
})

test('[P6] a browser makes id and token together, and all its tabs say the same', async () => {
  const { server } = await run({})
  const pairs = new Set(server.hellos.map((hello) => `${hello.globalVisitID} ${hello.deviceToken}`))
  assert.is(pairs.size, 6)
  for (const { globalVisitID, deviceToken } of server.hellos) {
    assert.match(globalVisitID ?? '', /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
    assert.match(deviceToken ?? '', /^[0-9a-f]{32}$/)
  }
})

test('[P6] after 4503 it begins anew with another id, once', async () => {
  let refused: string | undefined
  const refuses = ({ globalVisitID }: { globalVisitID?: string }) => {
    refused ??= globalVisitID
    return globalVisitID === refused ? 4503 : null
  }
  const { server, ended } = await run({ refuses })
  balances(ended, server)
  assert.is(ended.stopped, 0)
  assert.not.ok(server.kept.has(refused ?? ''))
  assert.is(server.kept.size, 6)

  const random = randomFrom(1)
  const device = newDevice(random)
  const { globalVisitID } = device
  assert.ok(startAnew(device, globalVisitID, random))
  assert.is.not(device.globalVisitID, globalVisitID)
  assert.ok(startAnew(device, globalVisitID, random), 'another tab of it was refused for the old id')
  assert.not.ok(startAnew(device, device.globalVisitID, random), 'not twice')
})

test('[P4] it waits longer after each attempt, at least a minute after 4005, and for ever after 4500', () => {
  const random = randomFrom(1)
  for (const code of [1001, 1006, 4001, 4002, 4003, 4004, 4006, 4499]) {
    const wait = waitBeforeMs(code, 0, random)
    assert.ok(wait !== null && wait >= 0 && wait <= 200)
    assert.ok((waitBeforeMs(code, 99, random) ?? Number.POSITIVE_INFINITY) <= WAIT_MAX_MS)
  }
  assert.ok((waitBeforeMs(4005, 0, random) ?? 0) >= 60_000)
  for (const code of [4500, 4501, 4505, 4999]) assert.is(waitBeforeMs(code, 0, random), null)
})

test('the truth has each visit with the people who really were there', async () => {
  const { truth, ended } = await run({})
  const visits = truth as unknown as VisitTruth[]
  assert.is(visits.length, ended.tally.visits)
  for (const { identityIds, signedIn, startDate, endDate } of visits) {
    assert.ok(identityIds.length > 0)
    assert.ok(startDate <= endDate)
    for (const identityId of signedIn) assert.ok(identityIds.includes(identityId))
  }
})

test('the same seed plans the same visits; another one others', () => {
  const lives = (seed: number) => {
    const random = randomFrom(seed)
    const [household] = settle(1, random)
    if (household === undefined) throw new Error('nobody')
    return Array.from({ length: 5 }, () => [...planVisit(household, random)])
  }
  assert.equal(lives(1), lives(1))
  assert.not.equal(lives(1), lives(2))
})

test('a thousand planned visits have all that happens in life', () => {
  const random = randomFrom(3)
  const households = settle(1_000, random)
  const steps = households.flatMap((household) => [...planVisit(household, random)])
  const done = new Set(steps.map(({ does }) => does))
  const said = new Set(steps.flatMap((step) => (step.does === 'says' ? [step.words.eventName] : [])))
  assert.is(done.size, 8)
  for (const name of [
    'VisitStarted',
    'PageEntered',
    'PageExited',
    'SignIn',
    'SignOut',
    'UserInfo',
    'AddToCart',
  ]) {
    assert.ok(said.has(name), name)
  }
  assert.ok(households.some((people) => people.length === 4))
})

test('latencies are within 2 % at any share', () => {
  const latencies = newLatencies()
  assert.is(latencyAt(latencies, 0.5), 0)
  for (let ms = 1; ms <= 1_000; ms += 1) addLatency(latencies, ms)
  for (const [share, ms] of [
    [0.5, 500],
    [0.99, 990],
    [1, 1_000],
    [0.001, 1],
  ] as const) {
    assert.ok(Math.abs(latencyAt(latencies, share) / ms - 1) <= 0.02, `${share}`)
  }
  addLatency(latencies, 0)
  addLatency(latencies, 1e12)
  assert.is(latencies.count, 1_002)
})

const wrong: readonly (readonly [readonly string[], RegExp])[] = [
  [['--rate', 'fast'], /^--rate must be a whole number, 1\.\.1000000, got "fast"$/],
  [['--browsers', '0'], /^--browsers must be a whole number, 1\.\.100000, got "0"$/],
  [['--seed', '4294967296'], /^--seed must be/],
  [['--url', 'nowhere'], /^--url must be a ws:\/\/ or http:\/\/ address, got "nowhere"$/],
  [['--url', 'ftp://x'], /^--url must be/],
  [['--encoding', 'xml'], /^--encoding must be json or msgpack, got "xml"$/],
  [['--nonsense'], /^Unknown option '--nonsense'; "vestibule load --help" lists what there is$/],
  [['--rate'], /lists what there is$/],
  [['more'], /lists what there is$/],
]
for (const [args, says] of wrong) {
  test(`${args.join(' ')} is a wrong argument, said in one sentence`, () => {
    assert.throws(
      () => readLoadOptions(args, 0),
      (error: Error) => error instanceof LoadArgumentError && says.test(error.message),
    )
  })
}

test('an address is completed, and the defaults are as the help says', () => {
  assert.is(readLoadOptions(['--url', 'http://h:1'], 0)?.url, 'ws://h:1/track')
  assert.is(readLoadOptions(['--url', 'wss://h/other'], 0)?.url, 'wss://h/other')
  assert.is(readLoadOptions([], 9)?.seed, 9)
  assert.is(readLoadOptions(['--help'], 0), null)
})

test.run()
