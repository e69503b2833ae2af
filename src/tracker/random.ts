/** Ids that the browser makes: random, never derived from the device. */

/** 128 random bits as 32 hex digits: a device token (P6). */
export function randomToken(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  return Array.from(bytes, (byte) => (byte + 256).toString(16).slice(1)).join('')
}

/** A v4 UUID; `crypto.randomUUID` is missing on plain http. */
export function randomUuid(): string {
  const hex = randomToken()
  const variant = '89ab'.charAt(Number.parseInt(hex.charAt(16), 16) % 4)
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `4${hex.slice(13, 16)}`,
    variant + hex.slice(17, 20),
    hex.slice(20),
  ].join('-')
}
