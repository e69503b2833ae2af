/** What may happen in a simulated life: plain data, so that a history can be kept, shortened and told again. */
import type { Dice } from '../helpers/dice.ts'

export const BROWSERS = ['g1', 'g2', 'g3'] as const
export const TABS = 2
export const PEOPLE = ['pat', 'sam', 'kim'] as const

const SECOND = 1_000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE

interface OfTab {
  readonly browser: number
  readonly tab: number
}

interface OfVisitor {
  readonly browser: number
  readonly person: string
}

/** `pick` chooses among what there is when the operation is done. */
export type Operation =
  | (OfTab & { readonly does: 'connects'; readonly names: boolean; readonly rightToken: boolean })
  | (OfTab & {
      readonly does: 'says'
      readonly name: string
      readonly agoMs: number
      readonly person: string | null
      readonly page: string
      readonly consent: boolean
      /** Another browser's visit, now and then. */
      readonly visitOf: number | null
      readonly namesVisit: boolean
    })
  | (OfTab & { readonly does: 'sends'; readonly count: number })
  | (OfTab & {
      readonly does: 'posts'
      readonly count: number
      readonly final: boolean
      readonly answerIsLost: boolean
    })
  | (OfTab & { readonly does: 'repeats' | 'reorders' | 'startsAnew' })
  | (OfTab & { readonly does: 'isCut'; readonly silently: boolean })
  | { readonly does: 'delivers'; readonly pick: number; readonly count: number }
  | {
      readonly does:
        | 'turns'
        | 'busBans'
        | 'diskGoesOn'
        | 'flushFails'
        | 'erasesWithoutConsent'
        | 'settles'
        | 'busIsAway'
        | 'busIsBack'
        | 'diskIsFull'
        | 'diskHasRoom'
    }
  /** From a deploy on; 0 = none. */
  | { readonly does: 'rulesAre'; readonly version: number }
  | { readonly does: 'diskFails'; readonly atPut: number }
  | { readonly does: 'busAnswers'; readonly answer: 'store' | 'lost' | 'unanswered' | 'refused' | 'phantom' }
  | { readonly does: 'passes' | 'wallJumps'; readonly ms: number }
  | { readonly does: 'ages'; readonly days: number }
  | (OfVisitor & { readonly does: 'assumes' | 'answers'; readonly confidence: number; readonly back: number })
  | (OfVisitor & { readonly does: 'confirms' | 'rejects'; readonly withSeq: boolean })
  | { readonly does: 'retracts'; readonly browser: number }
  | { readonly does: 'erasesPerson'; readonly person: string }
  | { readonly does: 'erasesDevice'; readonly browser: number }
  | { readonly does: 'engages'; readonly browser: number; readonly engine: string; readonly ttlMs: number }
  | { readonly does: 'releases' | 'tellsOutcome'; readonly browser: number; readonly back: number }
  | { readonly does: 'crashes' | 'isDeployed'; readonly awayMs: number }

/** A history of so many operations: some follow from one another, as in life, others come as they like. */
export function historyOf(dice: Dice, length: number): readonly Operation[] {
  // Some servers are configured so.
  const history: Operation[] = dice.chance(0.3) ? [{ does: 'erasesWithoutConsent' }] : []
  while (history.length < length) history.push(...dice.one(PHRASES)(dice))
  const lived = history.slice(0, length)
  return dice.chance(0.4) ? withRules(dice, lived) : lived
}

/** Rules are in force from the beginning, and others some time later. */
function withRules(dice: Dice, history: readonly Operation[]): readonly Operation[] {
  const at = dice.below(history.length)
  const rulesAre = (version: number): Operation => ({ does: 'rulesAre', version })
  return [rulesAre(1), ...history.slice(0, at), rulesAre(dice.below(3)), ...history.slice(at)]
}

const PHRASES: readonly ((dice: Dice) => readonly Operation[])[] = [
  (dice) => [someOperation(dice)],
  (dice) => [someOperation(dice)],
  (dice) => [someOperation(dice), someOperation(dice)],
  (dice) => talk(dice),
  consultation,
  misfortune,
  forgetting,
]

const SETTLES: Operation = { does: 'settles' }

/** A tab comes, says a few things and sends them; mostly they arrive, and sometimes it goes again. */
function talk(dice: Dice, tab: OfTab = of(dice)): readonly Operation[] {
  const said = Array.from({ length: 1 + dice.below(3) }, () => ({ ...says(dice), ...tab }))
  const anew: readonly Operation[] = [
    { does: 'startsAnew', ...tab },
    { ...says(dice), ...tab, ...STARTS },
  ]
  const counts = dice.one([[1, 1, 1], [4], [2, 2]])
  return [
    { does: 'connects', ...tab, names: dice.chance(0.6), rightToken: !dice.chance(0.05) },
    SETTLES,
    ...(dice.chance(0.2) ? anew : []),
    ...said,
    ...counts.map((count): Operation => ({ does: 'sends', ...tab, count })),
    ...(dice.chance(0.6) ? [SETTLES] : []),
    ...(dice.chance(0.2) ? [{ does: 'isCut', ...tab, silently: dice.chance(0.2) } as const, SETTLES] : []),
  ]
}

const STARTS = { name: 'VisitStarted', agoMs: 0, person: null, namesVisit: false } as const

/** Agents, engines and rules turn to one visitor, one after another or at once. */
function consultation(dice: Dice): readonly Operation[] {
  const about = {
    browser: dice.below(BROWSERS.length),
    ...(dice.chance(0.5) ? { person: dice.one(PEOPLE) } : {}),
  }
  const consulted = Array.from({ length: 1 + dice.below(5) }).flatMap((): readonly Operation[] => {
    const turned = dice.one([assumption, assumption, verdict, verdict, engagement, retraction])(dice)
    return [{ ...turned, ...about }, ...(dice.chance(0.6) ? [SETTLES] : [])]
  })
  const before = dice.chance(0.4) ? talk(dice, { browser: about.browser, tab: 0 }) : []
  return [...before, ...consulted]
}

/** Somebody is to be forgotten, most often in the middle of something, and what comes next may stop it half way. */
function forgetting(dice: Dice): readonly Operation[] {
  if (!dice.chance(0.8)) return [someOperation(dice)]
  const goesOn = Array.from({ length: dice.below(20) }).flatMap((): readonly Operation[] => [
    { does: 'diskGoesOn' },
    ...(dice.chance(0.7) ? [{ does: 'turns' } as const] : []),
  ])
  const happens = dice.one<readonly Operation[]>([
    [crash(dice)],
    [crash(dice)],
    [{ does: 'diskFails', atPut: 1 + dice.below(8) }],
    [{ does: 'flushFails' }],
    [{ ...says(dice), agoMs: 0 }, someOperation(dice)],
    [erasure(dice)],
    [{ does: 'isDeployed', awayMs: SECOND }],
    [SETTLES],
  ])
  const back = dice.chance(0.5) ? talk(dice) : []
  return [
    ...(dice.chance(0.5) ? [...talk(dice), SETTLES] : []),
    erasure(dice),
    ...(dice.chance(0.6) ? [{ does: 'turns' } as const, ...goesOn, ...happens] : []),
    ...back,
    SETTLES,
  ]
}

/** Something is half way to the disk, with something else behind it, when it happens. */
function misfortune(dice: Dice): readonly Operation[] {
  const begins = (): readonly Operation[] => {
    const posts: Operation = {
      does: 'posts',
      ...of(dice),
      count: 3,
      final: dice.chance(0.2),
      answerIsLost: false,
    }
    const { browser, tab } = posts
    const acts = [assumption(dice), engagement(dice)]
    return [{ ...says(dice), browser, tab }, posts, ...(dice.chance(0.5) ? acts : []), { does: 'turns' }]
  }
  const goesOn = Array.from({ length: dice.below(4) }, (): Operation => ({ does: 'diskGoesOn' }))
  const behind = dice.chance(0.5) ? begins() : []
  const fails: Operation = { does: 'diskFails', atPut: 1 + dice.below(20) }
  const jump: Operation = { does: 'wallJumps', ms: dice.one([-HOUR, -MINUTE, HOUR]) }
  const happens = dice.one<readonly Operation[]>([
    [...(dice.chance(0.4) ? [jump] : []), crash(dice)],
    [crash(dice)],
    [fails],
    [fails],
    [{ does: 'flushFails' }, ...(dice.chance(0.5) ? [crash(dice)] : [])],
    fullDisk(dice),
  ])
  return [...begins(), ...goesOn, ...behind, ...happens, ...(dice.chance(0.5) ? [SETTLES] : [])]
}

function fullDisk(dice: Dice): readonly Operation[] {
  const meanwhile = dice.chance(0.5) ? [...talk(dice), crash(dice)] : [someOperation(dice), SETTLES]
  return [
    { does: 'diskIsFull' },
    SETTLES,
    ...meanwhile,
    { does: 'diskHasRoom' },
    { does: 'passes', ms: SECOND },
  ]
}

type Maker = (dice: Dice) => Operation

const of = (dice: Dice): OfTab => ({ browser: dice.below(BROWSERS.length), tab: dice.below(TABS) })

const says = (dice: Dice): Extract<Operation, { readonly does: 'says' }> => {
  const name = dice.one(dice.chance(0.01) ? ['ConsentWithdrawn'] : EVENTS)
  const isUserInfo = name === 'UserInfo'
  return {
    does: 'says',
    ...of(dice),
    name,
    agoMs: dice.one(dice.chance(0.75) ? [0] : AGES),
    person: name === 'SignIn' || (isUserInfo && dice.chance(0.6)) ? dice.one(PEOPLE) : null,
    page: dice.one(['p1', 'p2', 'p3']),
    consent: dice.chance(0.4),
    visitOf: dice.chance(0.04) ? dice.below(BROWSERS.length) : null,
    namesVisit: isUserInfo && dice.chance(0.5),
  }
}

const EVENTS = [
  ...['AddToCart', 'AddToCart', 'Viewed', 'VisitStarted', 'PageEntered', 'PageEntered', 'PageExited'],
  ...['SignIn', 'SignIn', 'SignOut', 'UserInfo', 'UserInfo'],
]
const AGES = [1, SECOND, 20 * SECOND, MINUTE, 10 * MINUTE, 30 * MINUTE, 30 * MINUTE + 1, 3 * HOUR, 48 * HOUR]
const TIMES = [1, 100, SECOND, SECOND, 10 * SECOND, 30 * SECOND, MINUTE, 5 * MINUTE, 29 * MINUTE, 31 * MINUTE]

/** The weight of each kind, and how one is made. */
const KINDS: readonly (readonly [number, Maker])[] = [
  [7, (d) => ({ does: 'connects', ...of(d), names: d.chance(0.6), rightToken: !d.chance(0.15) })],
  [22, says],
  [12, (d) => ({ does: 'sends', ...of(d), count: 1 + d.below(3) })],
  [
    3,
    (d) => ({
      does: 'posts',
      ...of(d),
      count: 1 + d.below(3),
      final: d.chance(0.5),
      answerIsLost: d.chance(0.3),
    }),
  ],
  [4, (d) => ({ does: d.one(['repeats', 'reorders', 'startsAnew']), ...of(d) })],
  [4, (d) => ({ does: 'isCut', ...of(d), silently: d.chance(0.3) })],
  [14, (d) => ({ does: 'delivers', pick: d.below(6), count: 1 + d.below(3) })],
  [9, () => ({ does: 'turns' })],
  [11, () => ({ does: 'diskGoesOn' })],
  [9, () => ({ does: 'settles' })],
  [2, (d) => ({ does: 'diskFails', atPut: 1 + d.below(20) })],
  [1, () => ({ does: 'flushFails' })],
  [
    4,
    (d) => ({
      does: 'busAnswers',
      answer: d.one(['store', 'store', 'lost', 'unanswered', 'refused', 'phantom']),
    }),
  ],
  [0.6, () => ({ does: 'busBans' })],
  [1, (d) => ({ does: d.one(['busIsAway', 'busIsBack', 'busIsBack']) })],
  [9, (d) => ({ does: 'passes', ms: d.one(TIMES) })],
  [0.4, (d) => ({ does: 'wallJumps', ms: d.one([-HOUR, -MINUTE, MINUTE, HOUR]) })],
  [0.6, (d) => ({ does: 'ages', days: d.one([1, 2, 3, 9]) })],
  [3, assumption],
  [3, verdict],
  [1, retraction],
  [2, engagement],
  [
    1.2,
    (d) => ({
      does: d.one(['releases', 'tellsOutcome']),
      browser: d.below(BROWSERS.length),
      back: d.below(2),
    }),
  ],
  [0.6, crash],
  [0.8, erasure],
  [2, (d) => ({ does: 'isDeployed', awayMs: d.one([0, SECOND, MINUTE]) })],
]

function assumption(dice: Dice): Operation {
  const about = { browser: dice.below(BROWSERS.length), person: dice.one(PEOPLE) }
  const confidence = dice.one([0.2, 0.5, 0.8, 1])
  return { does: dice.one(['assumes', 'answers']), ...about, confidence, back: dice.below(6) }
}

function verdict(dice: Dice): Operation {
  const about = { browser: dice.below(BROWSERS.length), person: dice.one(PEOPLE) }
  return { does: dice.one(['confirms', 'rejects']), ...about, withSeq: dice.chance(0.3) }
}

function crash(dice: Dice): Operation {
  return { does: 'crashes', awayMs: dice.one([0, SECOND, MINUTE, HOUR]) }
}

function erasure(dice: Dice): Operation {
  if (dice.chance(0.25)) return { does: 'erasesDevice', browser: dice.below(BROWSERS.length) }
  return { does: 'erasesPerson', person: dice.one(PEOPLE) }
}

function retraction(dice: Dice): Operation {
  return { does: 'retracts', browser: dice.below(BROWSERS.length) }
}

function engagement(dice: Dice): Operation {
  const engine = dice.one(['e1', 'e2'])
  return {
    does: 'engages',
    browser: dice.below(BROWSERS.length),
    engine,
    ttlMs: dice.one([SECOND, MINUTE, 5 * MINUTE]),
  }
}

const WHOLE = KINDS.reduce((sum, [weight]) => sum + weight, 0)

function someOperation(dice: Dice): Operation {
  let place = (dice.below(1_000_000) / 1_000_000) * WHOLE
  for (const [weight, make] of KINDS) {
    place -= weight
    if (place < 0) return make(dice)
  }
  return { does: 'settles' }
}
