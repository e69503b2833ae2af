/** What was published of somebody: deleted from the stream one by one; what was given up lies with us (Q12). */
import type { SentBy, Store } from '../store/contract.ts'
import type { DeadRow } from '../store/rows.ts'
import type { Messages } from './contract.ts'
import type { Plan } from './plan.ts'
import { type Counts, inParts, type Step } from './steps.ts'

/** Messages deleted before others work. */
const MESSAGES_AT_ONCE = 100

/**
 * Rejects while a change up to `lastTold` may be on its way. One that is removed before it is known to be published
 * may lie in the stream for ever, and nobody would look for it there.
 */
export async function mustBePublished(messages: Messages | null, lastTold: number): Promise<void> {
  if ((await messages?.isBehind(lastTold)) === true) {
    throw new Error('messages that may name who is erased are still on their way')
  }
}

/** Deletes somebody's messages, and forgets them: each part is a step. */
export async function deleteMessages(
  messages: Messages | null,
  whose: SentBy,
  does: (step: Step) => Promise<void>,
): Promise<void> {
  if (messages === null) return
  for (const sent of inParts(await messages.sequencesOf(whose), MESSAGES_AT_ONCE)) {
    const count = await messages.deleteMessages(sent)
    await does({ erase: { gone: { sent } }, counts: { messages: count } })
  }
}

/** How many it would delete, as far as that can be known now. */
export async function countMessages(messages: Messages | null, whose: SentBy): Promise<Counts> {
  const count = messages === null ? 0 : (await messages.sequencesOf(whose)).length
  return count === 0 ? {} : { messages: count }
}

/** The messages of a device: their ids begin with its own. */
export function ofDevice(globalVisitID: string): SentBy {
  return { identityId: null, isTheirs: (messageId) => messageId.startsWith(`${globalVisitID}.`) }
}

/**
 * The messages that name a person, and those of entries that are erased, or would be by these plans: what led to the
 * person names nobody.
 */
export function ofPerson(
  store: Pick<Store, 'visitorNumber' | 'erasedSpans' | 'entries'>,
  identityId: string,
  plans: ReadonlyMap<number, Plan> = new Map(),
): SentBy {
  const numbers = new Map<string, number>()
  /** 0 where nothing of the visitor is erased. */
  const numberOf = (globalVisitID: string): number => {
    const known = numbers.get(globalVisitID)
    if (known !== undefined) return known
    const number = store.visitorNumber(globalVisitID)
    const isTouched = plans.has(number) || store.erasedSpans(number).length > 0
    numbers.set(globalVisitID, isTouched ? number : 0)
    return isTouched ? number : 0
  }
  return {
    identityId,
    isTheirs(messageId) {
      const [globalVisitID = '', seq = ''] = messageId.split('.')
      const number = numberOf(globalVisitID)
      if (number === 0) return false
      const [entry] = store.entries(number, { from: Number(seq), to: Number(seq), limit: 1 })
      return entry !== undefined && (entry.erased === true || plans.get(number)?.owns(entry) === true)
    },
  }
}

/** Changes that could not be published and are kept: `without` says what is left of one, null = as it is. */
export function deadWithout(
  store: Pick<Store, 'dead' | 'entries'>,
  without: (row: DeadRow) => DeadRow | null,
): readonly DeadRow[] {
  return store.dead({ limit: Number.MAX_SAFE_INTEGER }).flatMap((row) => {
    const { number, seq: from } = row.change
    const [entry] = store.entries(number, { from, to: from, limit: 1 })
    return (entry?.erased === true ? emptied(row) : without(row)) ?? []
  })
}

/** What an erased entry led to says nothing more. */
function emptied(row: DeadRow): DeadRow | null {
  const { change } = row
  const isEmpty = Object.keys(change.data).length === 0
  return isEmpty
    ? null
    : { ...row, change: { ...change, name: change.kind === 'event' ? '' : change.name, data: {} } }
}
