/** The machine against an oracle of both tables, written apart from it: the same visits, places, people and answers. */
import fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { DEFAULT_SETTINGS } from '../../machines/entries.ts'
import { keep } from '../../machines/visitor.ts'
import { bookFact, emptyBook } from '../helpers/visitor-book.ts'
import { answer, only, type Story, startStory, type Told } from '../helpers/visitor-story.ts'
import { type Move, move, moves } from './histories.ts'
import { newIdentityOracle } from './identity-oracle.ts'
import { newVisitOracle } from './visit-oracle.ts'

const oracle = suite('an oracle of the tables')

/** Another run with `SEED=... `; a failure prints the seed and the shortest history that fails. */
const seed = Number(process.env.SEED ?? 20_260_102)
const RUNS = 50

/** The oracle takes verdicts back in the reverse order only, and knows nothing of erasure: those have tests of their own. */
function moveWithin(story: Story, made: Move): void {
  if (made.does === 'erases') return
  if (made.does !== 'retracts') return move(story, made)
  const standing = story.context.verdicts.findLast(({ retracted }) => !retracted)
  story.retracts(standing?.seq ?? story.seq)
}

function historyOf(history: readonly Move[]): readonly Told[] {
  const story = startStory()
  for (const made of history) moveWithin(story, made)
  return story.log
}

/** Both oracles, told one entry after the other. */
function newOracle() {
  const visit = newVisitOracle(DEFAULT_SETTINGS)
  const identity = newIdentityOracle(DEFAULT_SETTINGS)
  const takes = ({ entry }: Told): void => {
    visit.takes(entry)
    identity.takes(entry, visit.table)
    const isVerdict = entry.type === 'confirm' || entry.type === 'reject' || entry.type === 'retract'
    if (isVerdict && identity.mind.answer === 'applied') visit.seal()
  }
  return { visit, identity, takes }
}

const ASKED = ['assume', 'rule.answered', 'confirm', 'reject', 'retract']

oracle(`[V1] [V7] [V10] [V12] [V13] ${RUNS} random histories by the visit table, seed ${seed}`, () => {
  fc.assert(
    fc.property(moves, (history) => {
      const { visit, takes } = newOracle()
      const book = emptyBook()
      for (const told of historyOf(history)) {
        takes(told)
        for (const fact of told.facts) bookFact(book, fact, told.entry.seq)
        const { open, visits, events } = visit.table
        const { context } = told.after
        assert.is(
          keep(told.after).visit,
          open === null ? 'away' : open.leaveAt === null ? 'browsing' : 'leaving',
        )
        assert.equal(timesOf(context.visit), timesOf(open))
        assert.equal(
          book.visits.map(({ implicit: _implicit, ...booked }) => booked),
          visits.map(({ ordinal, visitId, startedAt, endedAt, reason, names }) => {
            return { ordinal, visitId, startedAt, endedAt, reason, names }
          }),
        )
        if (told.entry.type === 'event') assert.equal(placeOf(told), events.at(-1))
      }
    }),
    { seed, numRuns: RUNS },
  )
})

oracle(`[I1] [I6] [I11] [I14] [I17] ${RUNS} random histories by the identity table, seed ${seed}`, () => {
  fc.assert(
    fc.property(moves, (history) => {
      const { identity, takes } = newOracle()
      const book = emptyBook()
      for (const told of historyOf(history)) {
        takes(told)
        for (const fact of told.facts) bookFact(book, fact, told.entry.seq)
        const { context, value } = told.after
        const { belief, session, rejected, links, contacts, answer: expected } = identity.mind
        const { state, identityId, confidence, halfLifeMs } = belief
        assert.is(value.identity, state)
        assert.equal(
          [context.who.identityId, context.who.confidence, context.who.halfLifeMs],
          [identityId, confidence, halfLifeMs],
        )
        assert.is(context.visit?.session?.identityId ?? null, session)
        assert.equal([...context.rejected].sort(), [...rejected].sort())
        assert.equal(book.links, links)
        assert.equal(
          book.contacts.map(({ visit, identityId: who, how }) => `${visit} ${who} ${how}`),
          contacts,
        )
        if (ASKED.includes(told.entry.type)) assert.is(answer(told.facts), expected)
      }
    }),
    { seed, numRuns: RUNS },
  )
})

type Times = {
  readonly [key in
    | 'visitId'
    | 'startedAt'
    | 'lastActivityAt'
    | 'idleAt'
    | 'maxAt'
    | 'leaveAt'
    | 'departedAt'
    | 'hasSocket']: unknown
}

function timesOf(visit: Times | null): readonly unknown[] {
  if (visit === null) return []
  const { visitId, startedAt, lastActivityAt, idleAt, maxAt, leaveAt, departedAt, hasSocket } = visit
  return [visitId, startedAt, lastActivityAt, idleAt, maxAt, leaveAt, departedAt, hasSocket]
}

/** Where the event was recorded: where a fact says, else in the visit that is open after it. */
function placeOf({ entry, facts, after }: Told) {
  const [placed] = only(facts, 'event.placed')
  const eventID = entry.type === 'event' ? entry.event.eventID : ''
  return {
    eventID,
    visit: placed?.ordinal ?? after.context.visit?.ordinal ?? 0,
    late: placed?.late ?? false,
  }
}

oracle.run()
