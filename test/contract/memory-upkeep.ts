/** The small writes of the store in memory: what the relay remembers, notes, and what is forgotten by age. */
import type { Store } from '../../src/store/contract.ts'
import type { ChangeRow, DeadRow, RelayPlaceRow, SentRow } from '../../src/store/rows.ts'
import type { TableName } from '../../src/store/tables.ts'
import { keyOf, type MemoryDisk, type MemoryPuts, rangeOf } from './memory-disk.ts'
import { rowsIn, spanned, unlimited, wholePositions } from './memory-reads.ts'

/** Writes in one transaction; what makes room is tried also where there is none. */
export type WriteRows = (
  change: (puts: MemoryPuts) => void,
  what?: { readonly makesRoom?: boolean },
) => Promise<void>

type Upkeep = Pick<
  Store,
  | 'dropChanges'
  | 'dropUnusedTokens'
  | 'relayMark'
  | 'relayPlaces'
  | 'saveRelay'
  | 'sentOf'
  | 'dropSent'
  | 'dead'
  | 'putDead'
  | 'dropDead'
  | 'note'
  | 'saveNote'
>

function isNamed({ identityIds }: SentRow, identityId: string | null): boolean {
  return identityId !== null && identityIds.includes(identityId)
}

export function memoryUpkeep(disk: MemoryDisk, write: WriteRows): Upkeep {
  const remove = async (table: TableName, keys: readonly string[]): Promise<number> => {
    if (keys.length > 0) {
      await write((puts) => {
        for (const key of keys) puts.remove(table, key)
      }, MAKES_ROOM)
    }
    return keys.length
  }
  const changeKey = ({ position, n }: ChangeRow): string => keyOf(position, n)

  return {
    dropChanges({ at, position }, limit) {
      const oldest = rowsIn<ChangeRow>(disk, 'changes', { ...rangeOf(), limit })
      const kept = oldest.findIndex((row) => row.position > position || row.at >= at)
      return remove('changes', oldest.slice(0, kept === -1 ? oldest.length : kept).map(changeKey))
    },
    async dropUnusedTokens(before, limit) {
      const range = { start: '', end: keyOf(before), limit }
      const fresh = disk.table('freshTokens').keys(range)
      if (fresh.length === 0) return 0
      const ids = rowsIn<string>(disk, 'freshTokens', range)
      await write((puts) => {
        for (const key of fresh) puts.remove('freshTokens', key)
        for (const id of ids) {
          if (!disk.table('visitorNumbers').has(keyOf(id))) puts.remove('tokens', keyOf(id))
        }
      }, MAKES_ROOM)
      return fresh.length
    },
    relayMark: () => Number(disk.table('relay').get(keyOf(0)) ?? 0),
    relayPlaces: () => rowsIn<RelayPlaceRow>(disk, 'relay', { start: keyOf(1), end: '\uffff' }),
    saveRelay: (mark, places, sent = []) =>
      write((puts) => {
        puts.put('relay', keyOf(0), mark)
        for (const place of places) {
          if (place.position === 0) puts.remove('relay', keyOf(place.number))
          else puts.put('relay', keyOf(place.number), place)
        }
        for (const row of sent) puts.put('sent', keyOf(row.at, row.seq), row)
      }),
    sentOf({ identityId, isTheirs = () => false }, { after, rows: limit }) {
      const start = after === null ? '' : keyOf(after.at, after.seq + 1)
      const looked = rowsIn<SentRow>(disk, 'sent', { start, end: '\uffff', limit })
      const last = looked.at(-1)
      return {
        found: looked
          .filter((row) => isNamed(row, identityId) || isTheirs(row.messageId))
          .map(({ at, seq, messageId }) => ({ at, seq, messageId })),
        next: last === undefined || looked.length < limit ? null : { at: last.at, seq: last.seq },
      }
    },
    dropSent(at, limit) {
      const oldest = rowsIn<SentRow>(disk, 'sent', { ...rangeOf(), limit })
      return remove(
        'sent',
        oldest.filter((row) => row.at < at).map((row) => keyOf(row.at, row.seq)),
      )
    },
    dead: (span) => {
      const rows = rowsIn<DeadRow>(disk, 'dead', spanned([], unlimited(span)))
      return wholePositions(
        rows.map((row) => ({ row, position: row.change.position })),
        span,
      ).map(({ row }) => row)
    },
    putDead: (rows) =>
      write((puts) => {
        for (const row of rows) puts.put('dead', changeKey(row.change), row)
      }),
    dropDead(at, limit) {
      const oldest = rowsIn<DeadRow>(disk, 'dead', { ...rangeOf(), limit })
      return remove(
        'dead',
        oldest.filter(({ change }) => change.at < at).map(({ change }) => changeKey(change)),
      )
    },
    note: (name) => disk.table('notes').get(keyOf(name)),
    saveNote: (name, value) => write((puts) => puts.put('notes', keyOf(name), value)),
  }
}

const MAKES_ROOM = { makesRoom: true } as const
