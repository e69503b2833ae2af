/** The actors' room with rules in it, over a real store: for tests. */
import { normalizeIdentityId } from '../../protocol/events.ts'
import { type Rules, type RulesOptions, startRules } from '../../src/rules/rules.ts'
import type { Outcome, Recorded } from '../../src/visitors/contract.ts'
import { within } from '../helpers/within.ts'
import { openRoom, type TestRoom } from '../visitors/a-room.ts'
import { aLog, aModule, type LoggedLine } from './a-rule-module.ts'

export type RuledRoomOptions = Partial<
  Pick<RulesOptions, 'ruleMs' | 'waitingMax' | 'floor' | 'provenOnly'>
> & {
  /** Shipped rules. */
  readonly items?: readonly string[]
  /** A module of rules. */
  readonly source?: string
}

export interface RuledRoom {
  readonly room: TestRoom
  readonly rules: Rules
  readonly lines: readonly LoggedLine[]
  /** The answers of rules that were kept for this visitor so far. */
  readonly answers: (globalVisitID: string) => readonly Readonly<Record<string, unknown>>[]
  readonly state: (globalVisitID: string) => readonly [string, string | null]
  /** Resolves when nothing waits for the rules, and what they answered is on disk. */
  readonly settled: () => Promise<void>
}

/** Opens a room with rules, and closes it when the test is over. */
export async function withRules(
  options: RuledRoomOptions,
  act: (ruled: RuledRoom) => Promise<void>,
): Promise<void> {
  const room = await openRoom()
  const own = aModule(options.source ?? '')
  const items = [...(options.items ?? []), ...(options.source === undefined ? [] : [own.path])]
  const { log, lines } = aLog()
  const rules = await startRules({
    items,
    ruleMs: 10_000,
    memoryMb: 64,
    toIdentityId: normalizeIdentityId,
    log,
    provenOnly: false,
    waitingMax: 1_000,
    floor: { precision: 0, afterDecisions: 1 },
    ...options,
    store: room.store,
    visitors: room.visitors,
    now: () => room.hands.wall,
  })
  const answers: RuledRoom['answers'] = (globalVisitID) =>
    room.store
      .entries(room.store.visitorNumber(globalVisitID), { limit: 1_000 })
      .flatMap((entry) => (entry.kind === 'rule.answered' && 'payload' in entry ? [entry.payload] : []))
  const state: RuledRoom['state'] = (globalVisitID) => {
    const visitor = room.visitors.view(globalVisitID)
    return [visitor?.state ?? 'unknown', visitor?.identityId ?? null]
  }
  try {
    await act({
      room,
      rules,
      lines,
      answers,
      state,
      settled: () => within(20_000, 'the rules', rules.settled()),
    })
  } finally {
    await rules.close()
    await room.end()
    own.remove()
  }
}

/** What the only entry of a call was answered. */
export function answered({ outcomes }: Recorded): unknown {
  const [outcome]: readonly (Outcome | undefined)[] = outcomes
  return outcome?.is === 'kept' ? outcome.answer : outcome
}
