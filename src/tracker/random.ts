/** Ids that the browser makes: random, never derived from the device. */

/** 128 random bits as 32 hex digits: a device token (P6). */
export function randomToken(): string {
  let hex = ''
  for (const byte of crypto.getRandomValues(new Uint8Array(16))) hex += (byte + 256).toString(16).slice(1)
  return hex
}

/** A v4 UUID; `crypto.randomUUID` is missing on plain http. */
export const randomUuid = (): string => randomToken().replace(/(.{8})(....).(...).(...)/, '$1-$2-4$3-a$4-')
