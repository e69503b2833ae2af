// Small writes beside the commits: changes and tokens forgotten, the relay's places, notes.
import type { Reader, Writer } from './bytes.ts'
import type { Store } from './contract.ts'
import { idKey, WIDTH } from './keys.ts'
import { changeAt } from './node-rows.ts'
import type { Puts } from './puts.ts'
import { encodeSent } from './relay-rows.ts'
import type { RelayPlaceRow } from './rows.ts'
import { KEYS, type Tables } from './tables.ts'

export type Upkeep = Pick<
  Store,
  'dropChanges' | 'dropUnusedTokens' | 'relayMark' | 'relayPlaces' | 'saveRelay' | 'note' | 'saveNote'
>

/** Writes in one transaction and resolves when it is flushed; what makes room is tried also where there is none. */
export type Write = (change: (puts: Puts) => void, what?: { readonly makesRoom?: boolean }) => Promise<void>

export const MAKES_ROOM = { makesRoom: true } as const

/** Visitors are numbered from 1: number 0 holds how far the relay is for all of them. */
const MARK = 0

export function createUpkeep(
  tables: Tables,
  codec: { readonly reader: Reader; readonly writer: Writer },
  write: Write,
): Upkeep {
  const { reader, writer } = codec

  return {
    async dropChanges(before, limit) {
      const keys = oldChanges(tables, reader, { ...before, limit })
      if (keys.length === 0) return 0
      await write((puts) => {
        for (const key of keys) puts.remove('changes', key)
      }, MAKES_ROOM)
      return keys.length
    },

    async dropUnusedTokens(before, limit) {
      const fresh = oldTokens(tables, reader, { before, limit })
      if (fresh.length === 0) return 0
      await write((puts) => {
        for (const { key, globalVisitID } of fresh) {
          puts.remove('freshTokens', key)
          // Asked in the transaction: the visitor may have begun to speak since.
          const id = idKey(globalVisitID)
          if (!tables.visitorNumbers.doesExist(id)) puts.remove('tokens', id)
        }
      }, MAKES_ROOM)
      return fresh.length
    },

    relayMark() {
      const row = tables.relay.getBinaryFast(KEYS.visitor.of(MARK))
      if (row === undefined) return 0
      reader.open(row)
      return reader.uint()
    },
    relayPlaces() {
      const range = {
        start: KEYS.visitor.bound([MARK + 1], 0),
        end: KEYS.visitor.bound([], 255),
        inclusiveEnd: true,
      }
      return Array.from(tables.relay.getRange(range), ({ key, value }): RelayPlaceRow => {
        reader.open(value)
        return { number: KEYS.visitor.part(key, 0), position: reader.uint(), n: reader.uint() }
      })
    },
    saveRelay(mark, places, sent = []) {
      const messages = sent.map((row) => ({ at: row.at, seq: row.seq, value: encodeSent(writer, row) }))
      const rows = [{ number: MARK, position: mark, n: 0 }, ...places].map(({ number, position, n }) => {
        writer.begin()
        writer.uint(position)
        writer.uint(n)
        return { number, gone: number !== MARK && position === 0, value: writer.end() }
      })
      return write((puts) => {
        for (const { number, gone, value } of rows) {
          if (gone) puts.remove('relay', KEYS.visitor.of(number))
          else puts.put('relay', KEYS.visitor.of(number), value)
        }
        for (const { at, seq, value } of messages) puts.put('sent', KEYS.sent.of(at, seq), value)
      })
    },

    note(name) {
      const row = tables.notes.getBinaryFast(idKey(name))
      if (row === undefined) return undefined
      reader.open(row)
      return reader.data()
    },
    saveNote(name, value) {
      writer.begin()
      writer.data(value)
      const bytes = writer.end()
      return write((puts) => puts.put('notes', idKey(name), bytes))
    },
  }
}

/** The oldest changes before a time, up to a position: both grow together. */
function oldChanges(
  tables: Tables,
  reader: Reader,
  before: { readonly at: number; readonly position: number; readonly limit: number },
): Uint8Array[] {
  const keys: Uint8Array[] = []
  for (const { key, value } of tables.changes.getRange({ limit: before.limit })) {
    reader.open(value)
    if (KEYS.change.part(key, 0) > before.position || changeAt(reader) >= before.at) break
    keys.push(key)
  }
  return keys
}

/** The oldest tokens whose visitors have said nothing yet. */
function oldTokens(
  tables: Tables,
  reader: Reader,
  { before, limit }: { readonly before: number; readonly limit: number },
): { readonly key: Uint8Array; readonly globalVisitID: string }[] {
  const end = Buffer.alloc(WIDTH.at)
  end.writeUIntBE(before, 0, WIDTH.at)
  return Array.from(tables.freshTokens.getRange({ end, limit }), ({ key, value }) => {
    reader.open(value)
    return { key, globalVisitID: reader.id() }
  })
}
