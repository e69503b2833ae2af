/** A room of visitors with its erasures, over a folder of its own that can be stopped, crashed and searched: for tests. */

import { randomUUID } from 'node:crypto'
import type { Erasures, Messages } from '../../src/erasure/contract.ts'
import { startErasures } from '../../src/erasure/erasures.ts'
import { createReader } from '../../src/store/bytes.ts'
import { decodeChunk } from '../../src/store/chunk.ts'
import type { Store } from '../../src/store/contract.ts'
import type { ErasureRow } from '../../src/store/erased.ts'
import { openTables, TABLE_NAMES } from '../../src/store/tables.ts'
import type { ErasingVisitors } from '../../src/visitors/visitors.ts'
import { openRoom, type RoomOptions, type TestRoom } from '../visitors/a-room.ts'

/** The power goes after so many steps: those after it never come back. */
export interface Power {
  stepsLeft: number
}

export interface House {
  readonly room: TestRoom
  readonly erasures: Erasures
  /** The erasure's row when it is done. */
  readonly erase: (kind: 'person' | 'device', name: string) => Promise<ErasureRow>
  readonly restart: () => Promise<void>
  readonly end: () => Promise<void>
}

export interface HouseOptions extends RoomOptions {
  readonly messages?: Messages
  readonly power?: Power
}

export async function openHouse(options: HouseOptions = {}): Promise<House> {
  const room = await openRoom(options)
  let erasures = start(room, options)
  return {
    room,
    get erasures() {
      return erasures
    },
    async erase(kind, name) {
      const begun = await erasures.begin(kind, name)
      if (begun === null) throw new Error(`nobody is called ${name}`)
      await erasures.idle()
      const row = room.store.erasure(begun.id)
      if (row === null) throw new Error('the erasure has no row')
      return row
    },
    async restart() {
      // What it was doing may never come back: it is not waited for.
      void erasures.close()
      await room.restart()
      erasures = start(room, options)
    },
    async end() {
      await erasures.close()
      await room.end()
    },
  }
}

function start(room: TestRoom, { messages, power }: HouseOptions): Erasures {
  return startErasures({
    store: power === undefined ? room.store : failing(room.store, power),
    visitors: power === undefined ? room.visitors.erasing : failingRows(room.visitors.erasing, power),
    log: {
      info: () => {},
      warn: (fields) => void process.stderr.write(`${String(Object(fields).err?.stack)}\n`),
    },
    now: () => room.hands.wall,
    newId: randomUUID,
    messages: () => messages ?? null,
    retryMs: 5,
  })
}

const NEVER = new Promise<never>(() => {})

function failing(store: Store, power: Power): Store {
  return { ...store, erase: (step) => (takes(power) ? store.erase(step) : NEVER) }
}

function failingRows(visitors: ErasingVisitors, power: Power): ErasingVisitors {
  return {
    ...visitors,
    inTurn: (globalVisitID, apply) => (takes(power) ? visitors.inTurn(globalVisitID, apply) : NEVER),
    changeRows: (apply) => (takes(power) ? visitors.changeRows(apply) : NEVER),
  }
}

function takes(power: Power): boolean {
  power.stepsLeft -= 1
  return power.stepsLeft >= 0
}

/** Which of these words stand anywhere in the live rows of a folder that nobody has open. */
export async function wordsIn(path: string, words: readonly string[]): Promise<readonly string[]> {
  const tables = openTables(path)
  const found = new Set<string>()
  const reader = createReader()
  const look = (table: string, text: string): void => {
    for (const word of words) if (text.includes(word)) found.add(`${table}: ${word}`)
  }
  for (const name of TABLE_NAMES) {
    for (const { key, value } of tables[name].getRange({})) {
      look(name, Buffer.from(key).toString('latin1'))
      look(name, Buffer.from(value).toString('utf8'))
      if (name !== 'stream') continue
      reader.open(value)
      look(name, JSON.stringify(decodeChunk(reader, 1)))
    }
  }
  await tables.env.close()
  return [...found].sort()
}
