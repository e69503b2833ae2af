/** What a load run counts, and the latencies of its acks. */

export interface Tally {
  /** Events that happened, sent or not yet. */
  made: number
  sent: number
  /** Accepted as new, and accepted because they were kept before. */
  accepted: number
  duplicates: number
  /** Connections that were welcomed, and how many of them were a coming back. */
  welcomes: number
  reconnects: number
  visits: number
  /** Turns that made nothing because too much was waiting already. */
  heldBack: number
  /** Acks that answer no batch, or not the next one (P4). */
  wrongAcks: number
  readonly rejected: Map<string, number>
  readonly closes: Map<number, number>
  /** Connections that gave up, by what the server said last. */
  readonly stopped: Map<string, number>
  readonly ackLatency: Latencies
  /** The latest error of a connection, if it could not be made. */
  lastError: string | null
}

export function newTally(): Tally {
  return {
    made: 0,
    sent: 0,
    accepted: 0,
    duplicates: 0,
    welcomes: 0,
    reconnects: 0,
    visits: 0,
    heldBack: 0,
    wrongAcks: 0,
    rejected: new Map(),
    closes: new Map(),
    stopped: new Map(),
    ackLatency: newLatencies(),
    lastError: null,
  }
}

/** One more of this kind. */
export function countOne<K>(counts: Map<K, number>, kind: K): void {
  counts.set(kind, (counts.get(kind) ?? 0) + 1)
}

/** Everything acknowledged: accepted, known before, or refused. */
export function answeredOf({ accepted, duplicates, rejected }: Tally): number {
  return accepted + duplicates + [...rejected.values()].reduce((sum, count) => sum + count, 0)
}

/** A histogram with steps of 2 %: it never grows, however long the run. */
export interface Latencies {
  readonly counts: Uint32Array
  count: number
}

const STEP = Math.log(1.02)
/** Buckets from 0.01 ms to above 10 minutes. */
const LEAST_MS = 0.01
const BUCKETS = 920

export function newLatencies(): Latencies {
  return { counts: new Uint32Array(BUCKETS), count: 0 }
}

export function addLatency(latencies: Latencies, ms: number): void {
  const bucket = Math.floor(Math.log(Math.max(ms, LEAST_MS) / LEAST_MS) / STEP)
  const index = Math.min(bucket, BUCKETS - 1)
  latencies.counts[index] = (latencies.counts[index] ?? 0) + 1
  latencies.count += 1
}

/** The latency in ms that this share (0..1) of the acks did not exceed; 0 where there is none. */
export function latencyAt({ counts, count }: Latencies, share: number): number {
  let left = Math.ceil(count * share)
  if (left === 0) return 0
  const index = counts.findIndex((inBucket) => {
    left -= inBucket
    return left <= 0
  })
  return LEAST_MS * Math.exp(STEP * (index + 0.5))
}
