/** Snapshots of every version go on living; those of a later one, and damaged ones, are told apart (Q5). */
import { readdirSync, readFileSync } from 'node:fs'
import { pack, unpack } from 'msgpackr'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { MACHINE_VERSION, migrate, SnapshotDamaged, SnapshotTooNew } from '../../machines/versions.ts'
import { keep, resume, step } from '../../machines/visitor.ts'
import { CONFIGURATIONS } from '../fixtures/snapshots/configurations.ts'
import { eventEntry } from '../helpers/visitor-entries.ts'
import { HOUR, startStory } from '../helpers/visitor-story.ts'

const versions = suite('snapshot versions')

const FOLDER = new URL('../fixtures/snapshots/', import.meta.url)

/** All kept snapshots of a version, by the name of their configuration. */
function fixture(version: number): Readonly<Record<string, unknown>> {
  return JSON.parse(readFileSync(new URL(`v${version}.json`, FOLDER), 'utf8'))
}

versions('[Q5] there are snapshots of every version up to this one', () => {
  const files = readdirSync(FOLDER).filter((name) => name.endsWith('.json'))
  const expected = Array.from({ length: MACHINE_VERSION }, (_, index) => `v${index + 1}.json`)
  assert.equal(files.sort(), expected.sort())
})

versions('[Q5] what this machine keeps is what its version says: another context is another version', () => {
  const today = Object.fromEntries(
    Object.entries(CONFIGURATIONS).map(([name, tell]) => [name, keep(tell().snapshot)]),
  )
  assert.equal(
    fixture(MACHINE_VERSION),
    JSON.parse(JSON.stringify(today)),
    'raise MACHINE_VERSION, write a migration, then run test/fixtures/snapshots/write.ts',
  )
})

for (let version = 1; version <= MACHINE_VERSION; version += 1) {
  for (const [name, kept] of Object.entries(fixture(version))) {
    versions(`[Q5] a snapshot of version ${version} is restored, and goes on: ${name}`, () => {
      const snapshot = resume(migrate(version, unpack(pack(kept))))
      assert.is(snapshot.status, 'active')
      const { visit, context } = keep(snapshot)
      const stamp = { seq: 1_000, position: 1_000, at: context.who.asOf + HOUR }
      const words = { visit: context.visit?.visitId ?? 'v9', identityId: 'zoe@example.com' }
      const [next] = step(snapshot, eventEntry('SignIn', words, { stamp, named: null }))
      assert.is(next.value.identity, 'authenticated')
      assert.is(next.context.visit?.ordinal, context.counts.visits + (visit === 'away' ? 1 : 0))
      assert.is(next.context.visit?.session?.ordinal, context.counts.sessions + 1)
    })
  }
}

versions('[Q5] a snapshot of a later version is refused, and says what to do', () => {
  const kept = keep(startStory().snapshot)
  for (const version of [MACHINE_VERSION + 1, 99]) {
    assert.throws(
      () => migrate(version, kept),
      (error: Error) => error instanceof SnapshotTooNew && /start the newer server/.test(error.message),
    )
  }
})

const whole = () => {
  const story = startStory()
  story.signsIn('anna')
  return keep(story.snapshot)
}

const { who: _who, ...nobody } = whole().context
const DAMAGED: Readonly<Record<string, unknown>> = {
  nothing: null,
  'a text': 'snapshot',
  'no context': { ...whole(), context: undefined },
  'a context of null': { ...whole(), context: null },
  'a context without who': { ...whole(), context: nobody },
  'a visit state of no machine': { ...whole(), visit: 'sleeping' },
  'an identity state of no machine': { ...whole(), identity: 'known' },
  'away with a visit open': { ...whole(), visit: 'away' },
  'browsing without a visit': { ...whole(), context: { ...whole().context, visit: null } },
  'an identity state that the context does not know of': { ...whole(), identity: 'recognized' },
}

for (const [what, kept] of Object.entries(DAMAGED)) {
  versions(`[Q5] a damaged snapshot is told from a whole one: ${what}`, () => {
    assert.throws(
      () => migrate(MACHINE_VERSION, kept),
      (error: Error) => error instanceof SnapshotDamaged,
    )
  })
}

versions('[Q5] a version that never was is damage', () => {
  for (const version of [0, -1, 1.5, Number.NaN]) {
    assert.throws(
      () => migrate(version, whole()),
      (error: Error) => error instanceof SnapshotDamaged,
    )
  }
})

versions.run()
