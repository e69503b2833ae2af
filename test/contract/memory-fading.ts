/** What grows too old in the store in memory: hashes that stay a while, commits, names in streams that are no more. */
import type { FadingRow, RetentionStore } from '../../src/store/erased.ts'
import { visitNameHash } from '../../src/store/fading.ts'
import type { NameRow, VisitorRow } from '../../src/store/rows.ts'
import { keyOf, type MemoryDisk, type MemoryPuts, numbersIn, rangeOf } from './memory-disk.ts'
import { rowsIn } from './memory-reads.ts'
import type { WriteRows } from './memory-upkeep.ts'

const WHAT: readonly FadingRow['what'][] = ['name', 'stream']

export function putFading(puts: MemoryPuts, row: FadingRow): void {
  const name = row.what === 'name' ? visitNameHash(row.name) : ''
  puts.put('fading', fadingKey({ ...row, name }), { ...row, name })
}

function fadingKey({ due, what, number, name }: FadingRow): string {
  return keyOf(due, WHAT.indexOf(what), number, name)
}

export function memoryFading(disk: MemoryDisk, write: WriteRows): RetentionStore {
  const nameOf = (hash: string): NameRow | null => {
    const names = rowsIn<NameRow>(disk, 'names', rangeOf('visit'))
    return names.find(({ name }) => visitNameHash(name) === hash) ?? null
  }
  const remove = (table: 'seen' | 'commits' | 'mentions', keys: readonly string[]): Promise<void> =>
    keys.length === 0
      ? Promise.resolve()
      : write(
          (puts) => {
            for (const key of keys) puts.remove(table, key)
          },
          { makesRoom: true },
        )
  const seenOf = (number: number, place = '', limit = Number.POSITIVE_INFINITY): readonly string[] => {
    const keys = disk.table('seen').keys(rangeOf(number))
    return keys.filter((key) => key > place).slice(0, limit)
  }
  const seqOf = (key: string): number => Number(disk.table('seen').get(key))
  const isSilentVisitor = (number: number): boolean => {
    const row = disk.table('visitors').get(keyOf(number)) as VisitorRow | undefined
    return row === undefined || row.keptFrom > row.seq
  }
  const isSilent = (key: string): boolean => isSilentVisitor(Number(disk.table('mentions').get(key)))

  return {
    fading: (before, limit) => rowsIn<FadingRow>(disk, 'fading', { start: '', end: keyOf(before), limit }),
    nameOf,
    dropFading: (rows, later) =>
      write(
        (puts) => {
          for (const row of rows) {
            const kept = disk.table('fading').get(fadingKey(row)) as FadingRow
            puts.remove('fading', fadingKey(row))
            const named = row.what === 'name' ? nameOf(row.name) : null
            if (named === null || named.number !== row.number || named.visit !== row.before) continue
            const { number, visit } = named
            const isKept =
              visit === 0 ? !isSilentVisitor(number) : disk.table('visits').has(keyOf(number, visit))
            const next = { ...kept, due: later }
            if (isKept) puts.put('fading', fadingKey(next), next)
            else puts.remove('names', keyOf('visit', named.name))
          }
        },
        { makesRoom: true },
      ),
    async dropSeen(number, { before, place, limit }) {
      const looked = seenOf(number, place, limit)
      await remove(
        'seen',
        looked.filter((key) => seqOf(key) < before),
      )
      return looked.length < limit ? null : (looked.at(-1) ?? null)
    },
    seenBefore: (number, seq) => seenOf(number).filter((key) => seqOf(key) < seq).length,
    async dropCommits(position, limit) {
      const keys = disk.table('commits').keys(rangeOf())
      const old = keys.slice(0, -1).filter((key) => (numbersIn(key)[0] ?? 0) < position)
      const gone = old.slice(0, limit)
      await remove('commits', gone)
      return gone.length
    },
    async dropMentions({ place, limit }) {
      const keys = disk.table('mentions').keys(rangeOf())
      const looked = keys.filter((key) => key > place).slice(0, limit)
      await remove('mentions', looked.filter(isSilent))
      return looked.length < limit ? null : (looked.at(-1) ?? null)
    },
  }
}
