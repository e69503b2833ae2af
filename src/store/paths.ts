// The places of rows while a draft gathers them: one text for each key.
import type { AddressRow, NameKind } from './rows.ts'

export function path(a: number, b: number, c = 0): string {
  return `${a} ${b} ${c}`
}

export function namePath(kind: NameKind, name: string): string {
  return `${kind} ${name}`
}

export function scorePath(rule: string, version: number): string {
  return `${version} ${rule}`
}

export function addressPath({ kind, value, identity }: AddressRow): string {
  return `${kind} ${identity} ${value}`
}
