/** Random histories of one visitor: what may happen to it, in any order, at any time; told to a story. */
import fc from 'fast-check'
import { DAY, HOUR, MINUTE, SECOND, type Story } from '../helpers/visitor-story.ts'

const PEOPLE = ['anna', 'bert', 'carl'] as const
const NAMES = [
  'VisitStarted',
  'PageEntered',
  'PageExited',
  'SignIn',
  'SignOut',
  'UserInfo',
  'AddToCart',
] as const

const person = fc.constantFrom(...PEOPLE)

/** Which visit is named: one that is open, the one before, any before, or one that nobody knows. */
const visit = fc.oneof(
  { weight: 6, arbitrary: fc.constant('open' as const) },
  { weight: 2, arbitrary: fc.constant('latest' as const) },
  { weight: 2, arbitrary: fc.constant('new' as const) },
  { weight: 1, arbitrary: fc.nat(20) },
)

/** Mostly now; sometimes a little late, rarely very. */
const agoMs = fc.oneof(
  { weight: 6, arbitrary: fc.constant(0) },
  { weight: 3, arbitrary: fc.constantFrom(1, SECOND, 20 * SECOND, MINUTE, 10 * MINUTE) },
  { weight: 1, arbitrary: fc.constantFrom(30 * MINUTE, 30 * MINUTE + 1, HOUR, 2 * DAY) },
)

const event = fc.record({
  does: fc.constant('says' as const),
  name: fc.constantFrom(...NAMES, 'AddToCart', 'PageEntered', 'SignIn'),
  visit,
  agoMs,
  person: fc.option(person, { nil: null, freq: 4 }),
  page: fc.constantFrom('p1', 'p2', 'p3'),
  isFinal: fc.nat(9).map((die) => die === 0),
  via: fc.constantFrom('socket' as const, 'http' as const, 'rest' as const),
  consent: fc.boolean(),
  looked: fc.option(fc.record({ identityId: fc.option(person), confidence: fc.constantFrom(0.3, 0.9) }), {
    freq: 8,
  }),
})

const passing = fc.record({
  does: fc.constant('passes' as const),
  ms: fc.constantFrom(
    1,
    SECOND,
    10 * SECOND,
    30 * SECOND,
    MINUTE,
    5 * MINUTE,
    29 * MINUTE,
    31 * MINUTE,
    3 * HOUR,
  ),
})

const judging = fc.record({
  does: fc.constantFrom('confirms' as const, 'rejects' as const),
  person,
  /** The precondition: what was seen so many entries ago. */
  seenAgo: fc.option(fc.nat(6), { freq: 3 }),
})

const retracting = fc.record({ does: fc.constant('retracts' as const), back: fc.nat(6) })

const assuming = fc.record({
  does: fc.constant('assumes' as const),
  person,
  confidence: fc.constantFrom(0.2, 0.5, 0.8, 1),
  halfLifeMs: fc.option(fc.constantFrom(MINUTE, HOUR)),
})

const answering = fc.record({
  does: fc.constant('answers' as const),
  person: fc.option(person),
  confidence: fc.constantFrom(0.3, 0.6),
  back: fc.nat(8),
})

const simple = fc.record({
  does: fc.constantFrom('comes' as const, 'goes' as const, 'engages' as const, 'releases' as const),
  /** Which of a few engines, leases or visits. */
  which: fc.nat(2),
})

const rare = fc.record({
  does: fc.constantFrom('restarts' as const, 'withdraws' as const, 'erases' as const),
  person,
  awayMs: fc.constantFrom(SECOND, MINUTE, HOUR, 2 * DAY),
})

export type Move =
  | (typeof event extends fc.Arbitrary<infer M> ? M : never)
  | (typeof passing extends fc.Arbitrary<infer M> ? M : never)
  | (typeof judging extends fc.Arbitrary<infer M> ? M : never)
  | (typeof retracting extends fc.Arbitrary<infer M> ? M : never)
  | (typeof assuming extends fc.Arbitrary<infer M> ? M : never)
  | (typeof answering extends fc.Arbitrary<infer M> ? M : never)
  | (typeof simple extends fc.Arbitrary<infer M> ? M : never)
  | (typeof rare extends fc.Arbitrary<infer M> ? M : never)

export const moves: fc.Arbitrary<readonly Move[]> = fc.array(
  fc.oneof(
    { weight: 12, arbitrary: event },
    { weight: 5, arbitrary: passing },
    { weight: 4, arbitrary: simple },
    { weight: 3, arbitrary: judging },
    { weight: 2, arbitrary: retracting },
    { weight: 2, arbitrary: assuming },
    { weight: 1, arbitrary: answering },
    { weight: 1, arbitrary: rare },
  ),
  { maxLength: 160, size: 'max' },
)

/** Does one move in a story. */
export function move(story: Story, made: Move): void {
  switch (made.does) {
    case 'says':
      return void story.says(made.name, wordsOf(story, made))
    case 'passes':
      return void story.passes(made.ms)
    case 'comes':
    case 'goes':
      return void story[made.does](made.which === 2 ? 'another' : visitNamed(story, 'open'))
    case 'engages':
      return void story.engages(`engine-${made.which}`, { ttlMs: (made.which + 1) * MINUTE })
    case 'releases':
      return void story.releases(story.context.counts.leases - made.which)
    case 'confirms':
    case 'rejects':
      return void story[made.does](made.person, made.seenAgo === null ? null : story.seq - made.seenAgo)
    case 'retracts':
      return void story.retracts(story.context.verdicts.at(-1 - made.back)?.seq ?? story.seq)
    case 'assumes':
      return void story.assumes(made.person, made.confidence, made.halfLifeMs)
    case 'answers':
      return void story.hears(ruleAnswer(story, made))
    case 'restarts':
      return void story.restarts({ awayMs: made.awayMs, boot: story.seq })
    case 'withdraws':
      return void story.says('ConsentWithdrawn', { visit: visitNamed(story, 'open') })
    case 'erases':
      return void story.erases(made.person, `x${story.seq}`)
  }
}

function wordsOf(story: Story, made: Extract<Move, { does: 'says' }>) {
  const { name, agoMs: ago, person: named, page, isFinal, via, looked } = made
  const isStart = name === 'VisitStarted'
  return {
    visit: visitNamed(story, made.visit),
    agoMs: ago,
    page,
    via,
    final: isFinal,
    identityId: name === 'SignIn' ? (named ?? 'anna') : name === 'UserInfo' ? named : null,
    consent: isStart && made.consent,
    looked: name === 'UserInfo' && named === null ? looked : null,
  }
}

function visitNamed({ visit: open, book, seq }: Story, which: 'open' | 'latest' | 'new' | number): string {
  if (which === 'open') return open?.visitId ?? book.visits.at(-1)?.visitId ?? 'v0'
  if (which === 'latest') return book.visits.findLast(({ endedAt }) => endedAt > 0)?.visitId ?? 'v0'
  if (which === 'new') return `v${seq + 1}`
  const some = book.visits[which % Math.max(1, book.visits.length)]
  return some?.names.at(-1) ?? some?.visitId ?? 'v0'
}

function ruleAnswer(story: Story, made: Extract<Move, { does: 'answers' }>) {
  const { person: identityId, confidence, back } = made
  const answer = identityId === null ? null : { identityId, confidence, halfLifeMs: null, evidence: null }
  const basedOnSeq = Math.max(0, story.seq - back)
  return { type: 'rule.answered', rule: 'r', version: 1, inputs: null, answer, basedOnSeq } as const
}
