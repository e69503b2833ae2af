/** What was known of a visitor at each moment of its past is what was told then. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { VisitorView } from '../../src/visitors/views.ts'
import { dice } from '../helpers/dice.ts'
import { HOUR, MINUTE, openRoom, SECOND, type TestRoom } from './a-room.ts'
import { someEvent, someOther } from './some-entries.ts'

const past = suite('what was known then')
const G = 'g1'

async function viewPast(room: TestRoom, seq: number): Promise<VisitorView | null> {
  return room.visitors.viewPast({ globalVisitID: G, seq, breathe: async () => {} })
}

/** A random life of one visitor; what was known after each of its entries, as it was told then. */
async function live(room: TestRoom, { seed, steps }: { seed: number; steps: number }) {
  const d = dice(seed)
  const told = new Map<number, VisitorView>()
  for (let step = 0; step < steps; step += 1) {
    await room.record(G, d.chance(0.35) ? someOther(d, room, G) : someEvent(d, G))
    const view = room.visitors.view(G)
    if (view !== null) told.set(view.seq, view)
    room.passes(d.one([0, 0, SECOND, 20 * SECOND, MINUTE, 10 * MINUTE, 31 * MINUTE]))
    if (!d.chance(0.05)) continue
    await room.close()
    room.passes(d.one([0, SECOND, MINUTE, HOUR]))
    const interaction = {
      anonymous: 'non-identified',
      authenticated: 'identified',
      confirmed: 'identified',
    } as const
    const recognized = d.one(['verify', 'identified'] as const)
    await room.start({ settings: { interaction: { ...interaction, recognized, wmRecognized: recognized } } })
  }
  return told
}

const SEEDS = process.env.SEED === undefined ? [1, 2, 3, 4] : [Number(process.env.SEED)]

for (const seed of SEEDS) {
  past(`[I16] [V10] it is what was told at the time, of every moment (seed ${seed})`, async () => {
    const room = await openRoom()
    const told = await live(room, { seed, steps: 100 })
    assert.ok(told.size > 30, `${told.size} moments`)
    for (const [seq, view] of told) {
      assert.equal(await viewPast(room, seq), view, `seed ${seed}, after entry ${seq}`)
    }
    await room.end()
  })
}

past('[I16] it is told from the outcomes alone where no state before it is kept any more', async () => {
  const room = await openRoom()
  const told = await live(room, { seed: 5, steps: 100 })
  const row = room.store.visitor(room.store.visitorNumber(G))
  if (row === null) throw new Error('the visitor has no row')
  const { seq, machineVersion, snapshot } = row
  const draft = room.store.createDraft()
  // As an erasure leaves it: replay begins at the last state, and none before it is kept.
  draft.putVisitor({ ...row, replayFrom: { seq, machineVersion, snapshot } }, [], seq)
  await room.store.commit(draft, { at: row.at })
  for (const [moment, view] of told) {
    const { interaction: _interaction, ...past } = (await viewPast(room, moment)) ?? {}
    const { interaction: _then, ...expected } = view
    // Nobody kept how nobody in particular was treated before the first start with other settings.
    assert.equal(past, expected, `after entry ${moment}`)
  }
  await room.end()
})

past(
  '[Q5] a damaged state is passed over for one before it; nothing is told from before what is kept',
  async () => {
    const room = await openRoom()
    const told = await live(room, { seed: 3, steps: 40 })
    const number = room.store.visitorNumber(G)
    const row = room.store.visitor(number)
    if (row === null) throw new Error('the visitor has no row')
    const [seq = 0, view] = [...told].at(-2) ?? []
    const damaged = room.store.createDraft()
    damaged.putBase({ number, seq, machineVersion: row.machineVersion, snapshot: 'damaged' })
    await room.store.commit(damaged, { at: row.at })
    assert.equal(await viewPast(room, seq), view)
    const shortened = room.store.createDraft()
    const { machineVersion, snapshot } = row
    const last = { seq: row.seq, machineVersion, snapshot }
    shortened.putVisitor({ ...row, keptFrom: row.seq, replayFrom: last }, [], row.seq)
    await room.store.commit(shortened, { at: row.at })
    assert.is(await viewPast(room, seq), null)
    assert.is((await viewPast(room, row.seq))?.seq, row.seq)
    await room.end()
  },
)

past.run()
