/** `node --import tsx bench/rules.ts`: how often lastSignedInHere is right on shared devices whose people are known. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type { VisitTruth } from '../src/commands/load/ledger.ts'
import { readLoadOptions } from '../src/commands/load/options.ts'
import { type Ended, runLoad } from '../src/commands/load/run.ts'
import { table } from '../src/commands/rules/table.ts'
import { defaultConfig } from '../src/config.ts'
import { createLog } from '../src/operating/log.ts'
import { precisionOf } from '../src/rules/precision.ts'
import { payloadOf } from '../src/rules/trial/decisions.ts'
import { startServer } from '../src/server.ts'
import { type Guest, openGuest } from '../src/store/guest.ts'

const HELP = `node --import tsx bench/rules.ts [--browsers N] [--rate N] [--seconds N] [--seed N]

A load of households who share devices, on a server with lastSignedInHere; then every assumption is compared with who
really sat there. Three visits in four are the device's owner's; the people sign in more or less often.
`

const RULE = 'lastSignedInHere'

const { values } = parseArgs({
  options: {
    browsers: { type: 'string', default: '300' },
    rate: { type: 'string', default: '600' },
    seconds: { type: 'string', default: '90' },
    seed: { type: 'string', default: '7' },
    help: { type: 'boolean' },
  },
})
if (values.help === true) process.stdout.write(HELP)
else await bench()

async function bench(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'vestibule-rules-'))
  try {
    const truths: VisitTruth[] = []
    const { tally } = await live(folder, truths)
    const guest = openGuest(folder)
    tell(assumptionsOf(guest, truths), { guest, events: tally.made, visits: truths.length })
    await guest.close()
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** A server with the rule, and a crowd on it; who was really there is put into `truths`. */
async function live(folder: string, truths: VisitTruth[]): Promise<Ended> {
  const server = await startServer({
    config: {
      ...defaultConfig(),
      data: folder,
      port: 0,
      connectionsPerAddress: 100_000,
      newVisitorsPerMinute: 0,
      rules: [`shipped:${RULE}`],
      // What is measured is how often it is right: neither a busy machine nor its own score may end that.
      ruleMs: 10_000,
      rulesWaiting: 1_000_000,
      rulesFloor: 0,
    },
    log: createLog('error'),
  })
  const { browsers, rate, seconds, seed } = values
  const args = { url: server.url, browsers, rate, seconds, seed }
  const options = readLoadOptions(
    Object.entries(args).flatMap(([name, value]) => [`--${name}`, value]),
    0,
  )
  if (options === null) throw new Error('a load without options')
  const ended = await runLoad(options, {
    ledger: { visit: (truth) => void truths.push(truth), acknowledged: () => {}, close: async () => {} },
    signal: new AbortController().signal,
    progress: () => {},
  })
  await server.close()
  return ended
}

interface Assumption {
  readonly confidence: number
  readonly isRight: boolean
}

/** Every assumption, beside the person who sat there when the visit began. */
function assumptionsOf(guest: Guest, truths: readonly VisitTruth[]): readonly Assumption[] {
  return truths.flatMap(({ visitID, identityIds: [first] }) => {
    const name = guest.name('visit', visitID)
    if (name === null) return []
    const rows = guest.contactsOfVisitor(name.number, { limit: Number.POSITIVE_INFINITY })
    const row = rows.find(({ visit, how }) => visit === name.visit && how === 'rule')
    if (row === undefined) return []
    const [entry] = guest.entries(name.number, { from: row.seq, limit: 1 })
    // The boundary where the payload of a rule.answered becomes what that entry holds.
    const answer = entry && (payloadOf(entry).answer as { readonly confidence: number })
    return [
      { confidence: answer?.confidence ?? 0, isRight: guest.identity(row.identity)?.identityId === first },
    ]
  })
}

interface Told {
  readonly guest: Guest
  readonly events: number
  readonly visits: number
}

function tell(assumptions: readonly Assumption[], { guest, events, visits }: Told): void {
  process.stdout.write(
    `seed ${values.seed}: ${values.browsers} devices, ${visits} visits, ${events} events; ${RULE} assumed somebody in ${assumptions.length} visits\n\n`,
  )
  const { hits = 0, misses = 0 } = guest.score(RULE, 1) ?? {}
  const bands = [...new Set(assumptions.map(({ confidence }) => confidence.toFixed(1)))].sort().reverse()
  const rows = [
    rowOf('against who really sat there', count(assumptions)),
    ...bands.map((band) =>
      rowOf(
        `  of these, confidence about ${band}`,
        count(assumptions.filter(({ confidence }) => confidence.toFixed(1) === band)),
      ),
    ),
    rowOf('by its own score: who signed in next', { hits, misses }),
  ]
  process.stdout.write(table(['', 'right', 'wrong', 'precision', '95 %'], rows, 1))
}

interface Count {
  readonly hits: number
  readonly misses: number
}

function count(assumptions: readonly Assumption[]): Count {
  const hits = assumptions.filter(({ isRight }) => isRight).length
  return { hits, misses: assumptions.length - hits }
}

function rowOf(name: string, { hits, misses }: Count): readonly string[] {
  const { precision, low, high } = precisionOf({ hits, misses })
  const interval = `${low.toFixed(3)}..${high.toFixed(3)}`
  return [name, String(hits), String(misses), precision?.toFixed(3) ?? '-', interval]
}
