/** A reader that is cut again and again, at any message, is told everything: as one that reads all at once. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { pick, seeded } from '../history/world.ts'
import { event, KEY, type LiveServer, type Message, openServer, signIn } from './a-server.ts'

const resume = suite('live: resuming')

const SEED = Number(process.env.SEED ?? Date.now() % 1_000_000)
const POSTS = 60
const EVERYTHING = '?kind=identity,visit,event'

const named = ({ event: kind, data }: Message): string => `${data.position} ${kind} ${data.n ?? ''}`

/** Posts of three browsers, one after another; the last event is named `Over`. */
async function live(server: LiveServer, random: () => number): Promise<void> {
  for (let post = 0; post < POSTS; post += 1) {
    const visitor = pick(random, ['g1', 'g2', 'g3'])
    const visitID = `${visitor}-${Math.floor(post / 20)}`
    const made = Array.from({ length: 1 + Math.floor(random() * 4) }, () =>
      pick(random, [
        () => event('Looked', { visitID }),
        () => event('VisitStarted', { visitID }),
        () => signIn(pick(random, ['pat', 'sam']), { visitID }),
        () => event('SignOut', { visitID }),
      ])(),
    )
    await server.track(visitor, made)
  }
  await server.track('g1', [event('Over', { visitID: 'g1-9' })])
}

/** All messages up to the one that tells that it is over, from a position on. */
async function readAll(server: LiveServer, from: string): Promise<readonly string[]> {
  const reader = await server.listen(`${EVERYTHING}&lastEventId=${from}`)
  const told: string[] = []
  for (let isOver = false; !isOver; ) {
    const message = await reader.next()
    told.push(named(message))
    isOver = message.data.eventName === 'Over'
  }
  reader.close()
  return told
}

resume(`nothing is left out, and what comes twice is the same (SEED=${SEED})`, async () => {
  const random = seeded(SEED)
  // The demo, so that events of everybody are told.
  const server = await openServer({ eventsBurst: 1_000 }, true)
  try {
    const living = live(server, seeded(SEED + 1))
    const told: string[] = []
    let position = '0'
    for (let isOver = false; !isOver; ) {
      const reader = await server.listen(EVERYTHING, { ...KEY, 'last-event-id': position })
      for (let left = 1 + Math.floor(random() * 12); left > 0 && !isOver; left -= 1) {
        const message = await reader.next()
        told.push(named(message))
        position = message.id ?? position
        isOver = message.data.eventName === 'Over'
      }
      reader.close()
    }
    await living
    const expected = await readAll(server, '0')
    assert.equal([...new Set(told)], expected)
    assert.ok(told.length > POSTS)
  } finally {
    await server.close()
  }
})

resume.run()
