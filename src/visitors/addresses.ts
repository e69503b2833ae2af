/** E-mail addresses and phone numbers as they are compared, whoever wrote them down. */
import type { Draft } from '../store/contract.ts'
import type { AddressKind, IdentityRow } from '../store/rows.ts'

/** The keys of `data`, and of a profile, that hold an address. */
export const ADDRESS_KINDS: readonly AddressKind[] = ['email', 'phone']

const EMAIL_LENGTH_MAX = 320
const EMAIL = /^[^\s@]+@[^\s@]+$/u
/** E.164 has at most 15 digits; fewer than 7 name nobody in particular. */
const PHONE = /^\+?\d{7,15}$/

/** The address as it is compared, or null where the value is none. */
export function normalAddress(kind: AddressKind, value: unknown): string | null {
  return kind === 'email' ? normalEmail(value) : normalPhone(value)
}

function normalEmail(value: unknown): string | null {
  if (typeof value !== 'string' || value.length > EMAIL_LENGTH_MAX) return null
  const email = value.normalize('NFC').trim().toLowerCase()
  return EMAIL.test(email) ? email : null
}

/** Digits, with a plus where a country is named (`00` is one too); a local number is compared as it is. */
function normalPhone(value: unknown): string | null {
  const text = typeof value === 'number' ? String(value) : value
  if (typeof text !== 'string') return null
  const phone = text.replace(/[\s()./-]/g, '').replace(/^00/, '+')
  return PHONE.test(phone) ? phone : null
}

/** Nobody is found any more by the addresses that this profile says. */
export function forgetAddresses(draft: Draft, identity: number, profile: IdentityRow['profile']): void {
  for (const kind of ADDRESS_KINDS) {
    const value = normalAddress(kind, profile[kind]?.value)
    if (value !== null) draft.removeAddress({ kind, value, identity })
  }
}
