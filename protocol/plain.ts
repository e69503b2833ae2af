/** Copies an event's `data` into fresh plain objects, counting its bytes and levels on the way. */
import { EventFault } from './errors.ts'
import type { WireLimits } from './limits.ts'
import { received, shortened } from './received.ts'

/** What is left of the limits while copying. */
interface Room {
  bytes: number
  readonly limits: WireLimits
}

/**
 * A deep copy that holds plain JSON values only, at most `dataBytes` as JSON and `dataLevels` deep.
 * Throws `EventFault`: `too_large` past a limit, `bad_event` for what JSON cannot say and for refused names.
 */
export function copyData(value: unknown, limits: WireLimits): Record<string, unknown> {
  if (!isPlainObject(value))
    throw new EventFault('bad_event', `data must be an object, got ${received(value)}`)
  return copyObject(value, limits.dataLevels, { bytes: limits.dataBytes, limits })
}

/** True for what `{}` and JSON make; false for arrays, dates, maps, class instances. */
export function isPlainObject(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null) return false
  const prototype = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}

function copyObject(value: Readonly<Record<string, unknown>>, levels: number, room: Room) {
  if (levels === 0) throw tooDeep(room)
  const fresh: Record<string, unknown> = {}
  // Braces, and a colon and a comma for each value but the last one's comma.
  let bytes = 1
  for (const key of Object.keys(value)) {
    if (isRefused(key)) throw new EventFault('bad_event', `data must not have a field named ${key}`)
    const name = wellFormed(key, room)
    fresh[name] = copyValue(value[key], name, levels, room)
    bytes += 2
  }
  take(room, bytes === 1 ? 2 : bytes)
  return fresh
}

function copyValue(value: unknown, name: string, levels: number, room: Room): unknown {
  switch (typeof value) {
    case 'string':
      return wellFormed(value, room)
    case 'number':
      if (!Number.isFinite(value)) throw notPlain(value, name)
      take(room, numberBytes(value))
      return value
    case 'boolean':
      take(room, value ? 4 : 5)
      return value
    case 'object':
      if (value === null) {
        take(room, 4)
        return null
      }
      if (Array.isArray(value)) return copyArray(value, name, levels - 1, room)
      if (!isPlainObject(value)) throw notPlain(value, name)
      return copyObject(value, levels - 1, room)
    default:
      throw notPlain(value, name)
  }
}

function copyArray(value: readonly unknown[], name: string, levels: number, room: Room): unknown[] {
  if (levels === 0) throw tooDeep(room)
  take(room, value.length === 0 ? 2 : value.length + 1)
  const fresh: unknown[] = []
  for (const item of value) fresh.push(copyValue(item, name, levels, room))
  return fresh
}

/**
 * Names that are refused: `__proto__` (and `__proto_`, which MessagePack decoders make of it) cannot be kept as it
 * came; `constructor`, `prototype` and `toJSON` mean something to the code that reads or encodes an object later.
 */
function isRefused(key: string): boolean {
  switch (key) {
    case '__proto__':
    case '__proto_':
    case 'constructor':
    case 'prototype':
    case 'toJSON':
      return true
    default:
      return false
  }
}

/** Counts the text as JSON in UTF-8; halves of surrogate pairs, which no encoding keeps, become U+FFFD. */
function wellFormed(text: string, room: Room): string {
  const length = text.length
  // The quotes, and a byte a character: all there is to most texts.
  let bytes = length + 2
  let broken = false
  for (let index = 0; index < length; index += 1) {
    const unit = text.charCodeAt(index)
    if (unit >= 0x20 && unit < 0x80) {
      if (unit === 0x22 || unit === 0x5c) bytes += 1
    } else if (unit < 0x20) {
      bytes += hasShortEscape(unit) ? 1 : 5
    } else if (unit < 0x800) {
      bytes += 1
    } else if (unit < 0xd800 || unit > 0xdfff) {
      bytes += 2
    } else if (unit < 0xdc00 && (text.charCodeAt(index + 1) & 0xfc00) === 0xdc00) {
      bytes += 2
      index += 1
    } else {
      bytes += 2
      broken = true
    }
  }
  take(room, bytes)
  return broken ? replaceBroken(text) : text
}

/** Lone surrogates become U+FFFD, as they would on the way to disk. */
export function replaceBroken(text: string): string {
  return text.replace(/\p{Surrogate}/gu, '\ufffd')
}

/** \b \t \n \f \r */
function hasShortEscape(unit: number): boolean {
  return unit >= 8 && unit <= 13 && unit !== 11
}

function numberBytes(value: number): number {
  if (!Number.isInteger(value) || value >= 1e15 || value <= -1e15) return String(value).length
  let bytes = value < 0 ? 2 : 1
  for (let rest = Math.abs(value); rest >= 10; rest = Math.floor(rest / 10)) bytes += 1
  return bytes
}

function take(room: Room, bytes: number): void {
  room.bytes -= bytes
  if (room.bytes < 0) {
    throw new EventFault('too_large', `data must be at most ${room.limits.dataBytes} bytes as JSON, got more`)
  }
}

function tooDeep(room: Room): EventFault {
  return new EventFault('too_large', `data must nest at most ${room.limits.dataLevels} levels, got more`)
}

function notPlain(value: unknown, name: string): EventFault {
  const what = typeof value === 'object' ? 'an object of a class' : received(value)
  return new EventFault('bad_event', `data must hold plain JSON values, got ${what} in ${shortened(name)}`)
}
