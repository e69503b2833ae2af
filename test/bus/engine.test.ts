/** The engine of docs/bus.md, word for word, under the accounts shown there, over the whole server and a real nats-server. */
import type { NatsConnection } from 'nats'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { startNatsServer } from '../helpers/nats-server.ts'
import { tempFolder } from '../helpers/temp-folder.ts'
import { eventually } from '../helpers/within.ts'
import { openServer } from '../live/a-server.ts'
import { documented, documentedEngine } from './documented.ts'
import { WAIT_MS, withConnection } from './real-stream.ts'

const engine = suite('the documented engine')
const SECRET = 'engine-secret-0123'

interface Task {
  readonly task: string
  readonly globalVisitID: string
  readonly visitId: string
  readonly identityId: string
}

interface Setting {
  /** Somebody whom the server lets do everything. */
  readonly nats: NatsConnection
  /** What agents were asked to do, in order. */
  readonly tasks: readonly Task[]
  /** One more instance of the engine; all are ended with the test. */
  readonly start: () => Promise<() => Promise<void>>
  readonly says: (globalVisitID: string, eventName: string, identityId?: string) => Promise<void>
  /** The engine has nothing left to look at. */
  readonly idle: () => Promise<void>
}

/** The documented configuration with one more user: the test. */
const CONFIGURATION = documented('conf').replace('users: [', 'users: [ { user: test, password: test }')

function withEngine(run: (setting: Setting) => Promise<void>): () => Promise<void> {
  return async () => {
    const folder = tempFolder()
    const server = await startNatsServer({ configuration: CONFIGURATION })
    const natsUrl = `nats://vestibule:change-me-1@127.0.0.1:${server.port}`
    const vestibule = await openServer({ natsUrl, keys: `engine:${SECRET}:history:read+notify` })
    const startEngine = await documentedEngine(folder.path)
    const ends: (() => Promise<void>)[] = []
    let events = 0
    const use = async (nats: NatsConnection) => {
      const tasks: Task[] = []
      nats.subscribe('agents.tasks', { callback: (_fault, message) => tasks.push(message.json()) })
      await run({
        nats,
        tasks,
        async start() {
          const login = { user: 'engine', pass: 'change-me-2' }
          const end = await startEngine({ servers: server.url, key: SECRET, name: 'chat', login })
          ends.push(end)
          return end
        },
        says(globalVisitID, eventName, identityId) {
          const words = {
            eventType: 'SYSTEM',
            eventName,
            eventID: `e${++events}`,
            pageID: 'p1',
            timestamp: 1,
          }
          const visitID = `visit-of-${globalVisitID}`
          const data = identityId === undefined ? {} : { identityId }
          return vestibule.track(globalVisitID, [{ ...words, visitID, url: 'https://shop.example/', data }])
        },
        async idle() {
          const jsm = await nats.jetstreamManager()
          await eventually(WAIT_MS, 'the engine has seen all', async () => {
            const { state } = await jsm.streams.info('VESTIBULE')
            const { num_pending, num_ack_pending } = await jsm.consumers.info('VESTIBULE', 'chat')
            return state.messages > 0 && num_pending + num_ack_pending === 0 ? true : undefined
          })
        },
      })
    }
    try {
      await withConnection(server, use, { user: 'test', pass: 'test' })
    } finally {
      for (const end of ends) await end()
      await vestibule.close()
      await server.stop()
      folder.remove()
    }
  }
}

/** The stream that the engine reads is there: something was published. */
function published({ nats }: Setting, messages: number): Promise<true> {
  return eventually(WAIT_MS, 'all is published', async () => {
    const jsm = await nats.jetstreamManager()
    const { state } = await jsm.streams.info('VESTIBULE').catch(() => ({ state: { messages: 0 } }))
    return state.messages >= messages ? true : undefined
  })
}

engine(
  '[B8] it greets who is identified, asks to verify who is not, and leaves strangers alone',
  withEngine(async (setting) => {
    const { tasks, says, start, idle } = setting
    await says('ann', 'SignIn', 'ann@example.org')
    await says('ben', 'SignIn', 'ben@example.org')
    await says('ben', 'SignOut')
    await says('stranger', 'VisitStarted')
    // Visits opened: 3; identities: one of ann, two of ben.
    await published(setting, 6)
    await start()
    await idle()
    await eventually(WAIT_MS, 'two tasks', () => tasks[1])
    const told = tasks.map(({ task, globalVisitID, visitId, identityId }) => [
      task,
      globalVisitID,
      visitId,
      identityId,
    ])
    assert.equal(told.toSorted(), [
      ['greet', 'ann', 'visit-of-ann', 'ann@example.org'],
      ['verify', 'ben', 'visit-of-ben', 'ben@example.org'],
    ])
  }),
)

engine(
  '[L1] it never engages the same visit twice: not after another change, not after a restart, not beside another',
  withEngine(async (setting) => {
    const { tasks, says, start, idle } = setting
    await says('ann', 'SignIn', 'ann@example.org')
    await published(setting, 2)
    const end = await start()
    await eventually(WAIT_MS, 'the first task', () => tasks[0])
    await says('ann', 'SignOut')
    await published(setting, 4)
    await idle()
    await end()
    await start()
    await start()
    for (const identityId of ['ann@example.org', 'kim@example.org']) await says('ann', 'SignIn', identityId)
    await published(setting, 6)
    await idle()
    await says('ben', 'SignIn', 'ben@example.org')
    await eventually(WAIT_MS, 'the task for somebody else', () => tasks[1])
    assert.equal(
      tasks.map(({ globalVisitID }) => globalVisitID),
      ['ann', 'ben'],
    )
  }),
)

engine(
  "[B8] the engine's account can tell nobody anything in our name",
  withEngine(async (setting) => {
    const { nats, says } = setting
    await says('ann', 'VisitStarted')
    await published(setting, 1)
    const jsm = await nats.jetstreamManager()
    const server = { url: nats.getServer() }
    await withConnection(
      server,
      async (forger) => {
        forger.publish('vestibule.identity.authenticated.ann', '{}')
        await forger.flush()
      },
      { user: 'engine', pass: 'change-me-2' },
    )
    assert.is((await jsm.streams.info('VESTIBULE')).state.messages, 1)
  }),
)

engine('[B8] the engine fits on a screen: 40 lines', () => {
  const lines = documented('js').trimEnd().split('\n')
  assert.ok(lines.length <= 40, `${lines.length} lines`)
})

engine.run()
