/** Ids that the browser makes: random, never derived from the device. */

/** 128 random bits as 32 hex digits: a device token (P6). */
export function randomToken(): string {
  let hex = ''
  for (const byte of crypto.getRandomValues(new Uint8Array(16))) hex += (byte + 256).toString(16).slice(1)
  return hex
}

/** 32 hex digits as a UUID of this version, whose digit takes the place of one of them. */
const toUuid = (hex: string, version: number): string =>
  hex.replace(/(.{8})(....).(...).(...)/, `$1-$2-${version}$3-a$4-`)

/** A v4 UUID; `crypto.randomUUID` is missing on plain http. */
export const randomUuid = (): string => toUuid(randomToken(), 4)

/** A v7 UUID: the ms, and 4,096ths of one, before what is random. The server remembers ids in the order of time with less. */
export function timedUuid(): string {
  const time = `0${Math.floor((performance.timeOrigin + performance.now()) * 4_096).toString(16)}`
  return toUuid(time.replace(/...$/, '0$&') + randomToken().slice(16), 7)
}
