/** From which position on changes are published: where it was left, or, switched on for the first time, from now. */
import { type Config, ConfigError } from '../config.ts'
import type { Store } from '../store/contract.ts'
import type { Progress } from './progress.ts'

export type BeginningStore = Pick<
  Store,
  'lastPosition' | 'relayMark' | 'relayPlaces' | 'saveRelay' | 'note' | 'saveNote'
>

/** The note that says where publishing began: it stands even where nothing has been published since. */
export const BEGINNING_NOTE = 'bus.beginning'

/**
 * How far publishing has come. At the first time the place is decided (`NATS_FROM`, or after the last commit) and
 * written down; after that `NATS_FROM` has no meaning. Throws `ConfigError` where it is no position.
 */
export async function readBeginning(
  store: BeginningStore,
  config: Pick<Config, 'natsFrom'>,
): Promise<Progress> {
  const noted = positionIn(store.note(BEGINNING_NOTE))
  if (noted !== null) return { mark: Math.max(noted, store.relayMark()), places: store.relayPlaces() }
  const mark = firstMark(config.natsFrom, store.lastPosition())
  await store.saveNote(BEGINNING_NOTE, { position: mark })
  await store.saveRelay(mark, [])
  return { mark, places: [] }
}

function firstMark(from: string, last: number): number {
  if (from === '') return last
  const position = Number(from)
  if (/^\d{1,15}$/.test(from) && position <= last + 1) return Math.max(position - 1, 0)
  throw new ConfigError(
    `NATS_FROM: "${from}" is not right; expected the position to begin at, 0..${last + 1}, or nothing for now`,
  )
}

function positionIn(note: unknown): number | null {
  const isNote = typeof note === 'object' && note !== null && 'position' in note
  return isNote && typeof note.position === 'number' ? note.position : null
}
