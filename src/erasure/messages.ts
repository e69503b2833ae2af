/** What was published of somebody: deleted from the stream one by one; what was given up lies with us (Q12). */
import type { Store } from '../store/contract.ts'
import type { DeadRow } from '../store/rows.ts'
import type { Messages, SentMessage } from './contract.ts'
import { type Counts, inParts } from './steps.ts'

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

/** Deletes the messages that name the person; `isTheirs` picks among them. */
export async function deleteMessages(
  messages: Messages | null,
  identityId: string,
  isTheirs: (message: SentMessage) => boolean = () => true,
): Promise<Counts> {
  if (messages === null) return {}
  const theirs = (await messages.sequencesOf(identityId)).filter(isTheirs)
  let count = 0
  for (const part of inParts(theirs, MESSAGES_AT_ONCE)) count += await messages.deleteMessages(part)
  return { messages: count }
}

/** How many it would delete, as far as that can be known now. */
export async function countMessages(
  messages: Messages | null,
  identityId: string,
  isTheirs: (message: SentMessage) => boolean = () => true,
): Promise<Counts> {
  if (messages === null) return {}
  return { messages: (await messages.sequencesOf(identityId)).filter(isTheirs).length }
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
