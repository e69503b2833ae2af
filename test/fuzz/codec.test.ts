/** Random and mutated messages through both encodings: a checked message or a ProtocolError, and nothing else. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type Codec, JSON_CODEC, MSGPACK_CODEC } from '../../protocol/codec.ts'
import { ProtocolError } from '../../protocol/errors.ts'
import { WIRE_LIMITS } from '../../protocol/limits.ts'
import { type CheckedEvent, checkClientMessage, checkTrackBody } from '../../protocol/messages.ts'
import { randomFrom } from '../../src/commands/load/random.ts'
import { corpusOf, outcomeOf, readCorpus } from './corpus.ts'
import { aFrame, aMessage, liberal, mutated } from './wild-messages.ts'

const test = suite('fuzz/codec')
/** FUZZ_SEED repeats a run, FUZZ_ROUNDS makes it longer. */
const seed = Number(process.env.FUZZ_SEED ?? Date.now() % 2 ** 32)
const rounds = Number(process.env.FUZZ_ROUNDS ?? 5_000)
console.log(`fuzz/codec: FUZZ_SEED=${seed} FUZZ_ROUNDS=${rounds}`)

for (const codec of [JSON_CODEC, MSGPACK_CODEC]) {
  const corpus = readCorpus(corpusOf(codec))

  test(`[Q10] ${codec.subprotocol}: every frame of the corpus comes to what it came to before`, () => {
    assert.ok(corpus.size >= 30)
    for (const [outcome, input] of corpus) {
      const frame = Buffer.from(input, 'latin1')
      assert.is(outcomeOf(codec, frame), outcome)
      survives(codec, frame, outcome)
    }
  })

  test(`[P4] ${codec.subprotocol}: whatever comes is a checked message or a ProtocolError`, () => {
    const random = randomFrom(seed)
    const known = [...corpus.values()]
    let taken = 0
    for (let round = 0; round < rounds; round += 1) {
      const isNew = random.chance(0.7)
      const begun = isNew ? aFrame(codec, aMessage(random)) : Buffer.from(random.pick(known), 'latin1')
      const frame = mutated(begun, random)
      const whole = `FUZZ_SEED=${seed} round ${round}: ${Buffer.from(frame).toString('hex')}`
      if (survives(codec, frame, whole)) taken += 1
    }
    assert.ok(taken > rounds / 20, 'some of it is still a message, or nothing is tested')
    assert.equal(Object.keys(Object.prototype), [], 'no prototype was reached')
  })
}

/** True for a message; throws for anything that is neither a message nor a ProtocolError. */
function survives(codec: Codec, frame: Uint8Array, whole: string): boolean {
  try {
    const value = codec.decode(frame)
    const message = checkClientMessage(value, WIRE_LIMITS)
    if (message.type === 'events') keepsLimits(message.events, whole)
    keepsLimits(checkTrackBody({ ...Object(value), sentAt: 1, events: [value] }, WIRE_LIMITS).events, whole)
    return true
  } catch (error) {
    if (error instanceof ProtocolError) return false
    throw new Error(whole, { cause: error })
  }
}

/** What the rooms behind may rely on, whatever was sent. */
function keepsLimits(events: readonly CheckedEvent[], whole: string): void {
  assert.ok(events.length <= WIRE_LIMITS.batchEvents, whole)
  for (const checked of events) {
    if (!checked.ok) {
      assert.ok(checked.rejection.message.length < 300, whole)
      continue
    }
    const { event } = checked
    for (const id of [event.eventID, event.visitID, event.pageID]) assert.match(id, /^[\w-]{1,64}$/, whole)
    assert.ok(event.url.length <= WIRE_LIMITS.urlLength, whole)
    const json = JSON.stringify(event.data)
    assert.ok(Buffer.byteLength(json) <= WIRE_LIMITS.dataBytes, whole)
    assert.equal(JSON.parse(json), event.data, whole)
    assert.equal(MSGPACK_CODEC.decode(liberal.pack(event.data)), event.data, whole)
  }
}

test.run()
