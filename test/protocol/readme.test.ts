/** The specification agrees with the code: its tables, and every frame of its walk-throughs. */
import { readFileSync } from 'node:fs'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { CLOSING } from '../../protocol/closing.ts'
import { WIRE_LIMITS } from '../../protocol/limits.ts'
import { checkClientMessage, checkTrackBody } from '../../protocol/messages.ts'
import { OPTIONS } from '../../src/config.ts'

const test = suite('protocol/README')
const text = readFileSync(new URL('../../protocol/README.md', import.meta.url), 'utf8')
const lines = text.split('\n')

/** The cells of every table row whose first cell looks like this. */
function rows(first: RegExp): string[][] {
  return lines
    .filter((line) => line.startsWith('| '))
    .map((line) =>
      line
        .slice(1, -1)
        .split('|')
        .map((cell) => cell.trim()),
    )
    .filter(([cell]) => first.test(cell ?? ''))
}

test('[P4] the table of limits has each limit with its default and its key', () => {
  const written = rows(/^`\w+`/)
    .filter(([, , key]) => key?.startsWith('`VESTIBULE_'))
    .map(([name, byDefault, key]) => [/\w+/.exec(name ?? '')?.[0], Number(byDefault), key])
  const known = Object.entries(WIRE_LIMITS).map(([name, byDefault]) => {
    const option = Object.entries(OPTIONS).find(([optionName]) => optionName === name)?.[1]
    return [name, byDefault, `\`${option?.key}\``]
  })
  assert.equal(written, known)
})

test('[P4] the table of close codes is the table of the code', () => {
  const words = {
    reconnects: /^reconnects with jitter$/,
    halves: /halves its batches/,
    waits: /after 60 s or more/,
    startsAnew: /starts again once/,
    stops: /^stops$/,
  }
  const written = rows(/^\d{4}$/)
  const known = Object.values(CLOSING)
  assert.equal(
    written.map(([code, reason]) => [Number(code), reason]),
    known.map(({ code, reason }) => [code, reason]),
  )
  known.forEach(({ client }, index) => {
    assert.match(written[index]?.[2] ?? '', words[client])
  })
})

test('[P4] every frame of a client in the walk-throughs is a message, and refused only where the story says so', () => {
  const frames = lines.filter((line) => line.startsWith('→ ')).map((line) => JSON.parse(line.slice(2)))
  assert.ok(frames.length > 8)
  const refused = frames.flatMap((frame) => {
    const message =
      'type' in frame ? checkClientMessage(frame, WIRE_LIMITS) : checkTrackBody(frame, WIRE_LIMITS)
    const events = 'events' in message ? message.events : []
    return events.flatMap((event) => (event.ok ? [] : [event.rejection]))
  })
  const url = 'url must be a text of 1..2048 characters, got nothing'
  assert.equal(refused, [{ eventID: 'e-15', code: 'bad_event', message: url }])
})

test('[P4] each ack of the walk-throughs answers a batch before it, and counts its events', () => {
  let sent = new Map<number, number>()
  let acks = 0
  for (const line of lines) {
    if (line.startsWith('### ')) sent = new Map()
    if (!/^[→←] /.test(line)) continue
    const frame = JSON.parse(line.slice(2))
    if (frame.type === 'events') sent.set(frame.id, frame.events.length)
    if (frame.type !== 'ack') continue
    acks += 1
    assert.is(frame.accepted + frame.duplicates + frame.rejected.length, sent.get(frame.id))
  }
  assert.ok(acks > 5)
})

test.run()
