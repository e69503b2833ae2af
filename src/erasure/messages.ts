/** What was published of somebody: deleted from the stream one by one; what was given up lies with us (Q12). */
import type { Store } from '../store/contract.ts'
import type { DeadRow } from '../store/rows.ts'
import type { Messages, SentMessage } from './contract.ts'
import { type Counts, inParts } from './steps.ts'

/** Messages deleted before others work. */
const MESSAGES_AT_ONCE = 100

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
  store: Pick<Store, 'dead'>,
  without: (row: DeadRow) => DeadRow | null,
): readonly DeadRow[] {
  return store.dead({ limit: Number.MAX_SAFE_INTEGER }).flatMap((row) => without(row) ?? [])
}
