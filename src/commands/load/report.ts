/** A load run in words: a line each second, and a summary at the end. */
import type { LoadOptions } from './options.ts'
import type { Ended, Progress } from './run.ts'
import { answeredOf, latencyAt } from './tally.ts'

/** One line: how far it is, how fast, what waits. */
export function progressLine({ tally, elapsedMs, open, waiting }: Progress): string {
  const seconds = elapsedMs / 1_000
  return [
    `${seconds.toFixed(0)} s`,
    `${open} connections`,
    `${(answeredOf(tally) / seconds).toFixed(0)} events/s acknowledged`,
    `ack p50 ${ms(latencyAt(tally.ackLatency, 0.5))} p99 ${ms(latencyAt(tally.ackLatency, 0.99))}`,
    `${waiting} waiting`,
    `${tally.reconnects} reconnects`,
  ].join(', ')
}

/** The summary, several lines; `ok` is true when everything was acknowledged and nobody was told to stop. */
export function summary(options: LoadOptions, ended: Ended): { readonly text: string; readonly ok: boolean } {
  const { tally, elapsedMs, unacknowledged, stopped } = ended
  const answered = answeredOf(tally)
  const resent = tally.sent - tally.made + unacknowledged
  const rows: readonly (readonly [string, string])[] = [
    ['seed', String(options.seed)],
    ['events', `${tally.made} made, ${tally.accepted} accepted, ${tally.duplicates} duplicates`],
    ['rate', `${((answered * 1_000) / elapsedMs).toFixed(0)} events/s acknowledged`],
    ['ack', `p50 ${ms(latencyAt(tally.ackLatency, 0.5))}, p99 ${ms(latencyAt(tally.ackLatency, 0.99))}`],
    ['refused', counts(tally.rejected)],
    ['visits', `${tally.visits} of ${options.browsers} browsers`],
    [
      'connections',
      `${tally.welcomes} welcomed, ${tally.reconnects} reconnects, ${Math.max(0, resent)} events sent again`,
    ],
    ['closed', counts(tally.closes)],
    ['unacknowledged', String(unacknowledged)],
  ]
  const troubles: readonly (readonly [boolean, string])[] = [
    [stopped > 0, `${stopped} browsers were told to stop: ${counts(tally.stopped)}`],
    [tally.wrongAcks > 0, `${tally.wrongAcks} acks came out of order`],
    [
      tally.heldBack > 0,
      `${tally.heldBack} turns passed because too much waited: the server is slower than --rate`,
    ],
    [tally.welcomes === 0, `no connection was made: ${tally.lastError ?? 'the server said nothing'}`],
  ]
  const lines = [
    ...rows.map(([name, value]) => `${name.padEnd(16)}${value}`),
    ...troubles.filter(([is]) => is).map(([, words]) => words),
  ]
  const ok = unacknowledged === 0 && stopped === 0 && tally.wrongAcks === 0 && tally.welcomes > 0
  return { text: `${lines.join('\n')}\n`, ok }
}

function counts(kinds: ReadonlyMap<string | number, number>): string {
  return [...kinds].map(([kind, count]) => `${count} ${kind}`).join(', ') || 'none'
}

function ms(value: number): string {
  return value < 10 ? `${value.toFixed(2)} ms` : `${value.toFixed(0)} ms`
}
