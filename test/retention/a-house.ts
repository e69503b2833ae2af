/** A room of visitors with its retention, over a folder and clock of its own: for tests. */
import { randomUUID } from 'node:crypto'
import type { Erasures } from '../../src/erasure/contract.ts'
import { startErasures } from '../../src/erasure/erasures.ts'
import type { Retention, RetentionParts } from '../../src/retention/contract.ts'
import { DAY_MS } from '../../src/retention/limits.ts'
import { startRetention } from '../../src/retention/retention.ts'
import { HOUR, openRoom, type RoomOptions, type TestRoom } from '../visitors/a-room.ts'

export interface House {
  readonly room: TestRoom
  readonly retention: Retention
  readonly erasures: Erasures
  /** Days go by, looked at hour by hour as the sweep would, and then a round. */
  readonly ages: (days: number) => Promise<void>
  readonly restart: () => Promise<void>
  /** The same, and what retention and erasures were doing is never heard of again. */
  readonly crash: () => Promise<void>
  readonly end: () => Promise<void>
}

export interface HouseOptions extends RoomOptions {
  readonly keepDays?: number
  readonly shortKeepDays?: number
  /** Changes what retention sees: for a power that fails. */
  readonly through?: (parts: RetentionParts) => RetentionParts
}

export async function openHouse(options: HouseOptions = {}): Promise<House> {
  const room = await openRoom(options)
  let opened = open(room, options)
  // What waits keeps no process alive.
  const alive = setInterval(() => {}, 1_000)
  return {
    room,
    get retention() {
      return opened.retention
    },
    get erasures() {
      return opened.erasures
    },
    async ages(days) {
      room.passes(days * DAY_MS)
      await opened.retention.run()
    },
    async restart() {
      await opened.retention.close()
      await opened.erasures.close()
      await room.restart()
      opened = open(room, options)
    },
    async crash() {
      await room.restart()
      opened = open(room, options)
    },
    async end() {
      clearInterval(alive)
      await opened.retention.close()
      await opened.erasures.close()
      await room.end()
    },
  }
}

function open(room: TestRoom, { keepDays = 0, shortKeepDays = 0, through = (parts) => parts }: HouseOptions) {
  const log = {
    info: () => {},
    warn: (fields: object) => void process.stderr.write(`${String(Object(fields).err?.stack)}\n`),
  }
  const now = (): number => room.hands.wall
  const { store, visitors } = room
  const erasures = startErasures({
    ...{ store, log, now, newId: randomUUID, messages: () => null, retryMs: 5 },
    visitors: visitors.erasing,
  })
  const retention = startRetention(
    through({
      ...{ store, log, now, erasures },
      visitors: { ...visitors.erasing, states: visitors.states },
      visitIdleMs: HOUR / 2,
      publishedTo: store.lastPosition,
      keepMs: keepDays * DAY_MS,
      shortKeepMs: shortKeepDays * DAY_MS,
    }),
  )
  return { erasures, retention }
}
