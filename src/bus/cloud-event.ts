/** A change as a message: one CloudEvent 1.0 in JSON structured mode (B1). */
import type { ChangeRow } from '../store/rows.ts'
import type { OutgoingMessage, StoredMessage } from './bus.ts'
import { subjectOf } from './subjects.ts'

export const CLOUD_EVENT_CONTENT_TYPE = 'application/cloudevents+json'

export interface MessageMakerParts {
  /** Begins every subject. */
  readonly prefix: string
  /** The node's name. */
  readonly source: string
  /** What a message says of its change: `data` as it is, or with people's ids hashed. */
  readonly dataOf: (change: ChangeRow) => ChangeRow['data']
}

/**
 * Turns changes into messages. `gapBefore`: so many changes of this visitor right before it were given up (B6); told
 * where it is not 0.
 */
export type MessageMaker = (change: ChangeRow, gapBefore: number) => OutgoingMessage

export function createMessageMaker({ prefix, source, dataOf }: MessageMakerParts): MessageMaker {
  // `source` is a URI reference (CloudEvents 1.0): a name with a blank in it is written as one.
  const sourceReference = encodeURI(source)
  return (change, gapBefore) => {
    const data = { ...dataOf(change), ...(gapBefore === 0 ? {} : { gapBefore }) }
    return {
      subject: subjectOf(prefix, change),
      messageId: messageIdOf(change),
      contentType: CLOUD_EVENT_CONTENT_TYPE,
      bytes: Buffer.from(JSON.stringify({ ...cloudEvent(change, sourceReference), data })),
    }
  }
}

/** `<globalVisitID>.<seq>.<n>`: the same change has the same id, however often it is sent. */
export function messageIdOf(change: Pick<ChangeRow, 'globalVisitID' | 'seq' | 'n'>): string {
  return `${change.globalVisitID}.${change.seq}.${change.n}`
}

/**
 * Whether a visitor's stored message shows that `change` is stored too: it is the same one or a later one. Its time
 * is looked at as well, so that a stream that outlived its store (a new data folder counts `seq` from 1 again) does
 * not make new changes look like old ones: time never goes back within a store (E4).
 */
export function showsStored(stored: Pick<StoredMessage, 'messageId' | 'bytes'>, change: ChangeRow): boolean {
  const [globalVisitID, seqText, nText] = stored.messageId.split('.')
  const [seq, n] = [Number(seqText), Number(nText)]
  const isLaterOrSame = seq > change.seq || (seq === change.seq && n >= change.n)
  return globalVisitID === change.globalVisitID && isLaterOrSame && timeIn(stored.bytes) >= timeOf(change)
}

/** A CloudEvent without its `data`. */
interface CloudEvent {
  readonly specversion: '1.0'
  readonly id: string
  readonly source: string
  readonly type: string
  readonly subject: string
  readonly time: string
  readonly datacontenttype: 'application/json'
}

function cloudEvent(change: ChangeRow, source: string): CloudEvent {
  return {
    specversion: '1.0',
    id: messageIdOf(change),
    source,
    type: typeOf(change),
    subject: change.globalVisitID,
    time: timeOf(change),
    datacontenttype: 'application/json',
  }
}

/** Identity changes and events are one type each; the others are a type for each thing that can happen. */
function typeOf({ kind, name }: ChangeRow): string {
  switch (kind) {
    case 'identity':
      return 'vestibule.identity.changed'
    case 'event':
      return 'vestibule.event.recorded'
    case 'visit':
    case 'lease':
    case 'notify':
      return `vestibule.${kind}.${name}`
  }
}

function timeOf({ at }: Pick<ChangeRow, 'at'>): string {
  return new Date(at).toISOString()
}

/** The `time` of a stored CloudEvent, or the empty text where it is none: that is before every time. */
function timeIn(bytes: Uint8Array): string {
  try {
    const event: unknown = JSON.parse(Buffer.from(bytes).toString('utf8'))
    const hasTime = typeof event === 'object' && event !== null && 'time' in event
    return hasTime && typeof event.time === 'string' ? event.time : ''
  } catch {
    // Somebody else's message on our subject proves nothing about ours.
    return ''
  }
}
