/** What `/readyz` says of NATS: it is told, and it makes nobody wait. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { startNatsServer } from '../helpers/nats-server.ts'
import { eventually } from '../helpers/within.ts'
import { openServer } from '../live/a-server.ts'
import { WAIT_MS } from './real-stream.ts'

const readiness = suite('readiness and NATS')

interface Readiness {
  readonly status: string
  readonly bus: {
    readonly degraded: boolean
    readonly state: string
    readonly mode: string
    readonly isOverLimit: boolean
    readonly backlogRows: number
    readonly dead: number
  }
}

readiness(
  '[B5] NATS is away and too much waits: events are acknowledged, /readyz is ready and says it',
  async () => {
    const server = await startNatsServer()
    await server.kill()
    const vestibule = await openServer({ natsUrl: server.url, natsBacklogRows: 2 })
    const ask = async (): Promise<Readiness> => {
      const response = await fetch(`${vestibule.url}/readyz`)
      assert.is(response.status, 200)
      return response.json()
    }
    try {
      for (const visitor of ['g1', 'g2', 'g3']) {
        const words = { eventType: 'SYSTEM', eventName: 'VisitStarted', eventID: visitor, pageID: 'p1' }
        const place = { visitID: visitor, timestamp: 1, url: 'https://shop.example/', data: {} }
        await vestibule.track(visitor, [{ ...words, ...place }])
      }
      const { status, bus } = await ask()
      assert.is(status, 'ready')
      assert.equal(
        [bus.degraded, bus.state, bus.mode, bus.isOverLimit, bus.backlogRows, bus.dead],
        [true, 'connecting', 'undecided', true, 3, 0],
      )
      await server.start()
      await eventually(WAIT_MS, 'all is published', async () =>
        (await ask()).bus.backlogRows === 0 ? true : undefined,
      )
      const after = (await ask()).bus
      assert.equal([after.degraded, after.mode, after.isOverLimit], [false, 'jetStream', false])
    } finally {
      await vestibule.close()
      await server.stop()
    }
  },
)

readiness.run()
