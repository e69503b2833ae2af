/** Whether assumptions of a trial were right, by what the stored stream tells of who it was (as the machine decides it). */
import { DECIDED_WITHIN_MS } from '../../../machines/assumption-steps.ts'
import type { Fact } from '../../../machines/facts.ts'
import type { StoredEntry } from '../../store/rows.ts'

/** An assumption that a trial made, or that was made in fact. */
export interface Assumed {
  readonly rule: string
  readonly version: number
  readonly identityId: string
  readonly confidence: number
  readonly at: number
  /** Null = nobody said who it was. */
  hit: boolean | null
}

export interface Decisions {
  /** It waits to be decided; one that it replaces stays undecided. */
  readonly wait: (assumed: Assumed) => void
  /** An entry may decide what waits, or take a decision back. */
  readonly take: (stored: StoredEntry, facts: readonly Fact[]) => void
}

/** Nothing waits yet. */
export function createDecisions(): Decisions {
  let waiting: Assumed | null = null
  const byVerdict = new Map<number, Assumed>()

  const decide = (hit: boolean, at: number): Assumed | null => {
    const decided = waiting
    waiting = null
    if (decided === null || at - decided.at > DECIDED_WITHIN_MS) return null
    decided.hit = hit
    return decided
  }

  const takeVerdict = (stored: StoredEntry): void => {
    const { identityId, verdictSeq } = payloadOf(stored)
    const isOfWaiting = waiting !== null && identityId === waiting.identityId
    if (stored.kind === 'retract') {
      const undone = byVerdict.get(Number(verdictSeq))
      if (undone === undefined) return
      undone.hit = null
      waiting ??= undone
      return
    }
    if (stored.kind === 'reject' && !isOfWaiting) return
    const decided = decide(stored.kind === 'confirm' && isOfWaiting, stored.at)
    if (decided !== null) byVerdict.set(stored.seq, decided)
  }

  return {
    wait: (assumed) => {
      waiting = assumed
    },
    take: (stored, facts) => {
      const signedIn = facts.find((fact) => fact.type === 'session.opened')
      if (signedIn !== undefined) decide(signedIn.identityId === waiting?.identityId, stored.at)
      if (VERDICTS.includes(stored.kind) && wasApplied(facts)) takeVerdict(stored)
    },
  }
}

const VERDICTS: readonly string[] = ['confirm', 'reject', 'retract']

function wasApplied(facts: readonly Fact[]): boolean {
  return facts.some((fact) => fact.type === 'answered' && fact.applied)
}

/** The payload of an entry that is no event. */
export function payloadOf(stored: StoredEntry): Readonly<Record<string, unknown>> {
  return 'payload' in stored ? stored.payload : {}
}
