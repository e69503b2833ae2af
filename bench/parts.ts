/** What one event takes of its parts alone: how near to the floor this design can come, whatever is written around them. */
import { randomBytes, randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Database, open } from 'lmdb'
import { DEFAULT_SETTINGS, type EventEntry } from '../machines/entries.ts'
import { birth, startVisitor } from '../machines/visitor.ts'
import { JSON_CODEC } from '../protocol/codec.ts'
import type { WireEvent } from '../protocol/events.ts'
import { WIRE_LIMITS } from '../protocol/limits.ts'
import { checkClientMessage } from '../protocol/messages.ts'
import { type Scale, throughput } from './measures.ts'
import { printCells, shown } from './table.ts'
import { newVisitor, type Visitor } from './visitor.ts'

/** Of one event: us of CPU, all threads of the process. As at full speed, eight messages of each visitor come together. */
interface Part {
  readonly name: string
  /** In messages of one event, and of ten. */
  readonly us: readonly [one: number, ten: number]
}

const BYTES = { encoding: 'binary', keyEncoding: 'binary' } as const
const VISITORS = 100
/** Of the same work behind one another. */
const ROUNDS = 100
const COMMITS = 50
const MESSAGES = 100
/** What the store writes for a visitor in a commit, about: its row, and a chunk of one event, and of each further one. */
const VISITOR_BYTES = 700
const CHUNK_BYTES = 158
const FURTHER_BYTES = 47
const RUN_BYTES = 8
const FURTHER_SEEN_BYTES = 9
const IN_FLIGHT = 8
const ROW = randomBytes(VISITOR_BYTES)
const CHUNK = randomBytes(CHUNK_BYTES + 10 * IN_FLIGHT * FURTHER_BYTES)
const RUN = randomBytes(RUN_BYTES + 10 * IN_FLIGHT * FURTHER_SEEN_BYTES)

/** Prints what the parts take, and what of the floor's speed would be left if there were nothing but them. */
export async function printParts(scale: Scale): Promise<void> {
  const floor: Part = {
    name: 'floor: ws + JSON, socket in and out',
    us: [await floorUs(1, scale), await floorUs(10, scale)],
  }
  const steps = stepsUs()
  const parts: readonly Part[] = [
    floor,
    { name: 'checks of the wire', us: [checksUs(1), checksUs(10)] },
    { name: "the statechart's steps", us: [steps, steps] },
    { name: 'puts and flush, bare LMDB', us: [await putsUs(IN_FLIGHT), await putsUs(10 * IN_FLIGHT)] },
  ]
  const sum = (index: 0 | 1) => parts.reduce((total, { us }) => total + us[index], 0)
  printCells([
    ['us of CPU for one event', '1 a message', '10 a message'],
    ...parts.map(({ name, us }) => [name, shown(us[0]), shown(us[1])]),
    ['altogether', shown(sum(0)), shown(sum(1))],
    ['of the floor, at best', (floor.us[0] / sum(0)).toFixed(2), (floor.us[1] / sum(1)).toFixed(2)],
  ])
}

async function floorUs(eventsPerMessage: number, scale: Scale): Promise<number> {
  const { cpuMs } = await throughput('floor', eventsPerMessage, scale)
  // ms for 1,000 events are us for one.
  return cpuMs
}

function checksUs(eventsPerMessage: number): number {
  const frames = framesOf(eventsPerMessage)
  return usOfOne(frames.length * eventsPerMessage, () => {
    for (const frame of frames) checkClientMessage(JSON_CODEC.decode(frame), WIRE_LIMITS)
  })
}

/** Messages of many visitors, as they come in. */
function framesOf(eventsPerMessage: number): readonly Buffer[] {
  return Array.from({ length: VISITORS }, newVisitor).flatMap((visitor) =>
    Array.from({ length: MESSAGES / eventsPerMessage }, () => Buffer.from(visitor.batch(eventsPerMessage))),
  )
}

/** Of ten events eight are plain, and a run of them is one step; two are of pages. One actor hears the same again and again. */
function stepsUs(): number {
  const actor = startVisitor(birth({ globalVisitID: randomUUID(), settings: DEFAULT_SETTINGS }))
  const entries = eventsOf(newVisitor(), 201).map(entryOf)
  for (const entry of entries) actor.send(entry)
  const sent = entries.filter(
    ({ event }, index) => event.eventType === 'SYSTEM' || entries[index - 1]?.event.eventType === 'SYSTEM',
  )
  return usOfOne(ROUNDS * entries.length, () => {
    for (let round = 0; round < ROUNDS; round += 1) for (const entry of sent) actor.send(entry)
  })
}

function eventsOf(visitor: Visitor, count: number): readonly WireEvent[] {
  const message = checkClientMessage(JSON.parse(visitor.batch(count)), { ...WIRE_LIMITS, batchEvents: count })
  if (message.type !== 'events') throw new Error(`a batch was taken for ${message.type}`)
  return message.events.flatMap((checked) => (checked.ok ? [checked.event] : []))
}

function entryOf(event: WireEvent, index: number): EventEntry {
  return {
    ...{ type: 'event', seq: index + 1, position: index + 1, at: Date.now(), event, occurredAt: Date.now() },
    ...{ via: 'socket', final: false, proven: false, identityId: null, consent: false, userAgentId: null },
    ...{ named: null, ids: { visitId: '', sessionId: '', pageId: randomUUID() }, looked: null },
  }
}

/** The rows that a hundred visitors write in a commit, put by nothing but LMDB in one transaction, and flushed. */
async function putsUs(events: number): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'vestibule-bench-'))
  const env = open<Uint8Array, Uint8Array>({ path: folder, noSubdir: false, ...BYTES })
  const [visitors, stream, seen] = ['visitors', 'stream', 'seen'].map((name) =>
    env.openDB({ name, ...BYTES }),
  )
  if (visitors === undefined || stream === undefined || seen === undefined) throw new Error('no tables')
  let seq = 0
  const commit = async (): Promise<void> => {
    await env.childTransaction(() => {
      for (let number = 1; number <= VISITORS; number += 1) {
        putVisitor({ visitors, stream, seen }, { number, seq, events })
      }
    })
    await env.flushed
    seq += events
  }
  for (let warm = 0; warm < COMMITS; warm += 1) await commit()
  const before = process.cpuUsage()
  for (let counted = 0; counted < COMMITS; counted += 1) await commit()
  const { user, system } = process.cpuUsage(before)
  await env.close()
  rmSync(folder, { recursive: true })
  return (user + system) / (COMMITS * VISITORS * events)
}

interface Bare {
  readonly visitors: Database<Uint8Array, Uint8Array>
  readonly stream: Database<Uint8Array, Uint8Array>
  readonly seen: Database<Uint8Array, Uint8Array>
}

interface Said {
  readonly number: number
  readonly seq: number
  readonly events: number
}

function putVisitor({ visitors, stream, seen }: Bare, { number, seq, events }: Said): void {
  const key = Buffer.alloc(5)
  key.writeUIntBE(number, 0, 5)
  visitors.putSync(key, ROW)
  stream.putSync(keyOf(number, seq), CHUNK.subarray(0, CHUNK_BYTES + (events - 1) * FURTHER_BYTES))
  // Remembered in the order of time, as UUIDv7s are: in one row.
  seen.putSync(keyOf(number, seq), RUN.subarray(0, RUN_BYTES + (events - 1) * FURTHER_SEEN_BYTES))
}

function keyOf(number: number, seq: number): Buffer {
  const key = Buffer.alloc(13)
  key.writeUIntBE(number, 0, 5)
  key.writeUIntBE(seq, 7, 6)
  return key
}

/** us of CPU for one of `events`: the least of some repetitions, the first ones left out. */
function usOfOne(events: number, work: () => void): number {
  const times = Array.from({ length: 8 }, () => {
    const before = process.cpuUsage()
    work()
    const { user, system } = process.cpuUsage(before)
    return (user + system) / events
  })
  return Math.min(...times.slice(3))
}
