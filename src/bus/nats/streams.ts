/** The JetStream stream: looked for, made where it may be, compared with what was asked (B3); and what it holds. */
import {
  DiscardPolicy,
  type JetStreamManager,
  nanos,
  RetentionPolicy,
  StorageType,
  type StoredMsg,
  type StreamConfig,
} from 'nats'
import type { SentMessage, StoredMessage, StreamFinding, WantedStream } from '../bus.ts'
import { MESSAGE_NOT_FOUND, orNull, STREAM_NOT_FOUND, saysNoJetStream } from './failures.ts'
import { differencesOf } from './stream-differences.ts'

/** Looks for the stream; makes a missing one where `mayCreate`. */
export async function findOrMake(
  jsm: JetStreamManager,
  { wanted, mayCreate }: { readonly wanted: WantedStream; readonly mayCreate: boolean },
): Promise<StreamFinding> {
  if (!(await hasJetStream(jsm))) return { is: 'noJetStream' }
  const asked = settingsOf(wanted)
  const found = await orNull([STREAM_NOT_FOUND], jsm.streams.info(wanted.name))
  if (found !== null) return { is: 'ready', created: false, differences: differencesOf(asked, found.config) }
  if (!mayCreate) return { is: 'missing' }
  await jsm.streams.add(asked)
  // Asked again, because an older server leaves out, without a word, what it does not know.
  const made = await jsm.streams.info(wanted.name)
  return { is: 'ready', created: true, differences: differencesOf(asked, made.config) }
}

/** The last message on this subject, from the leader: a replica's direct answer may be older than what it acknowledged. */
export async function lastMessage(
  jsm: JetStreamManager,
  stream: string,
  subject: string,
): Promise<StoredMessage | null> {
  const found = await orNull([MESSAGE_NOT_FOUND], jsm.streams.getMessage(stream, { last_by_subj: subject }))
  return found && { seq: found.seq, messageId: messageIdOf(found), bytes: found.data }
}

/** Where on its subject the stream holds this message, or null: the messages of the subject one after another. */
export async function sequenceOf(
  jsm: JetStreamManager,
  stream: string,
  { subject, messageId }: { readonly subject: string; readonly messageId: string },
): Promise<number | null> {
  for (let seq = 1; ; seq++) {
    const wanted = { seq, next_by_subj: subject }
    const found = await orNull([MESSAGE_NOT_FOUND], jsm.streams.getMessage(stream, wanted))
    if (found === null || messageIdOf(found) === messageId) return found?.seq ?? null
    seq = found.seq
  }
}

/** Deletes these messages, and overwrites them. One whose place another message has is left; says how many went. */
export async function eraseMessages(
  jsm: JetStreamManager,
  stream: string,
  messages: readonly SentMessage[],
): Promise<number> {
  let deleted = 0
  for (const { seq, messageId } of messages) {
    const found = await orNull([MESSAGE_NOT_FOUND], jsm.streams.getMessage(stream, { seq }))
    // The stream may have been made anew since: its numbers then mean other messages.
    if (found === null || messageIdOf(found) !== messageId) continue
    if (await jsm.streams.deleteMessage(stream, seq, true)) deleted++
  }
  return deleted
}

function messageIdOf({ header }: StoredMsg): string {
  return header.get('Nats-Msg-Id')
}

async function hasJetStream(jsm: JetStreamManager): Promise<boolean> {
  try {
    await jsm.getAccountInfo()
    return true
  } catch (error) {
    if (saysNoJetStream(error)) return false
    throw error
  }
}

function settingsOf(wanted: WantedStream) {
  const maxAge = nanos(wanted.maxAgeMs)
  return {
    name: wanted.name,
    subjects: [...wanted.subjects],
    retention: RetentionPolicy.Limits,
    storage: StorageType.File,
    // Full means refused: then the changes wait with us. The other policy would lose the oldest ones silently.
    discard: DiscardPolicy.New,
    num_replicas: wanted.replicas,
    max_age: maxAge,
    max_bytes: wanted.maxBytes === 0 ? -1 : wanted.maxBytes,
    // A server takes no window longer than the age.
    duplicate_window:
      maxAge === 0 ? nanos(wanted.duplicateWindowMs) : Math.min(nanos(wanted.duplicateWindowMs), maxAge),
  } satisfies Partial<StreamConfig>
}
