/** What grew too old at one visitor: its stream begins later, nothing of it is left, or it goes itself (Q12). */
import { newVisitor, VERDICTS_MAX, type VisitorContext } from '../../machines/context.ts'
import { MACHINE_VERSION } from '../../machines/versions.ts'
import { keep, resume } from '../../machines/visitor.ts'
import type { Draft } from '../store/contract.ts'
import type { VisitorRow } from '../store/rows.ts'
import { type Awake, revive } from './awake.ts'

/** The visitor in its turn, after the deadlines that are due. */
export interface Shedder {
  /** As it was before this turn. */
  readonly row: VisitorRow
  readonly context: VisitorContext
  /** Nothing has happened in this turn so far. */
  readonly isQuiet: boolean
  readonly draft: Draft
}

/** What is too old to be remembered. */
export interface TooOld {
  /** The first entry that is not. */
  readonly keptFrom: number
  /** Whether a visit is kept no more, by its ordinal. */
  readonly isGone: (visit: number) => boolean
}

export interface Shed extends TooOld {
  /** Where replay begins: there, at the state as it is now, or nothing is left to be told. */
  readonly replayFrom: VisitorRow['replayFrom'] | 'now' | 'nothing'
}

/** Drops rows by the draft, and says what the visitor's own becomes; null = it stays as it is. */
export type Shedding = (visitor: Shedder) => Shed | 'gone' | null

/** Changes the actor and its row; `state` gives both their seq and the snapshot as a row has it. */
export function shedTo(
  awake: Awake,
  shed: Shed,
  state: () => { readonly seq: number; readonly snapshot: unknown },
): void {
  const { keptFrom, replayFrom } = shed
  // Its number may be nobody's soon.
  awake.identity = null
  const kept = keep(awake.actor.getSnapshot())
  if (replayFrom === 'nothing') goOn(awake, { ...kept, context: nobody(kept.context) })
  else {
    const { context } = withoutOld(kept.context, shed)
    if (context !== kept.context) goOn(awake, { ...kept, context })
  }
  const isThere = typeof replayFrom === 'object'
  awake.row = {
    ...awake.row,
    keptFrom,
    replayFrom: isThere ? replayFrom : { ...state(), machineVersion: MACHINE_VERSION },
  }
}

function goOn(awake: Awake, kept: Parameters<typeof resume>[0]): void {
  awake.actor.stop()
  revive(awake, resume(kept))
}

/** It was never known; only its ordinals go on, and that it withdrew consent. */
function nobody({ globalVisitID, settings, counts, withdrawnAt }: VisitorContext): VisitorContext {
  return { ...newVisitor({ globalVisitID, settings }), counts, withdrawnAt }
}

/**
 * The state without what it remembers of entries and visits that are kept no more. Where only the latest visit is
 * forgotten, the entries since are decided as they were: none of them names it. `isDeep`: more is, and they may not be.
 */
export function withoutOld(
  context: VisitorContext,
  { keptFrom, isGone }: TooOld,
): { readonly context: VisitorContext; readonly isDeep: boolean } {
  const { latest, assumption } = context
  const verdicts = context.verdicts.filter(({ seq }) => seq >= keptFrom)
  const isFull = verdicts.length === VERDICTS_MAX
  const rejected = context.rejected.filter((id) => isFull || verdicts.some((kept) => kept.identityId === id))
  const isAssumed = assumption !== null && assumption.seq >= keptFrom
  const isDeep =
    verdicts.length < context.verdicts.length ||
    rejected.length < context.rejected.length ||
    (assumption !== null && !isAssumed)
  const isLatestGone = latest !== null && isGone(latest.visit.ordinal)
  if (!isDeep && !isLatestGone) return { context, isDeep }
  return {
    isDeep,
    context: {
      ...context,
      verdicts,
      rejected,
      assumption: isAssumed ? assumption : null,
      latest: isLatestGone ? null : latest,
    },
  }
}
