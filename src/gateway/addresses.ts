/** Whose address a request has: the peer's, or what trusted proxies say of it. */
import type { IncomingMessage } from 'node:http'
import { BlockList, isIP, isIPv4 } from 'node:net'
import { ConfigError } from '../config.ts'

/**
 * Makes the function that tells whose limits a request counts against: an IPv4 address, or the /64 of an IPv6 one
 * (whoever has one address there has them all). X-Forwarded-For counts only as far as trusted proxies wrote it.
 * `trustedProxies` are addresses or CIDR ranges; throws `ConfigError` at one that is neither.
 */
export function createAddressOf(trustedProxies: readonly string[]): (request: IncomingMessage) => string {
  const trusted = new BlockList()
  for (const range of trustedProxies) trust(trusted, range)
  return (request) => {
    const peer = plainAddress(request.socket.remoteAddress ?? '')
    const forwarded = trustedProxies.length > 0 ? request.headers['x-forwarded-for'] : undefined
    return networkOf(typeof forwarded === 'string' ? behindProxies(trusted, peer, forwarded) : peer)
  }
}

function trust(trusted: BlockList, range: string): void {
  const [address = '', bits, ...rest] = range.split('/')
  const version = isIP(address)
  const most = version === 4 ? 32 : 128
  const length = bits === undefined ? most : /^\d{1,3}$/.test(bits) ? Number(bits) : -1
  if (version === 0 || length < 0 || length > most || rest.length > 0) {
    throw new ConfigError(
      `VESTIBULE_TRUSTED_PROXIES: "${range}" is no address and no range; write 10.0.0.7 or 10.0.0.0/8`,
    )
  }
  trusted.addSubnet(address, length, version === 4 ? 'ipv4' : 'ipv6')
}

/** From the right: each trusted hop vouches for the one before it; the first untrusted one is the client. */
function behindProxies(trusted: BlockList, peer: string, forwarded: string): string {
  let address = peer
  for (const hop of forwarded.split(',').reverse()) {
    if (!isTrusted(trusted, address)) return address
    const before = plainAddress(hop.trim())
    if (isIP(before) === 0) return address
    address = before
  }
  return address
}

function isTrusted(trusted: BlockList, address: string): boolean {
  const version = isIP(address)
  return version !== 0 && trusted.check(address, version === 4 ? 'ipv4' : 'ipv6')
}

/** Without brackets, port, zone, and the IPv6 clothes of an IPv4 address. */
function plainAddress(text: string): string {
  const bracketed = /^\[([^\]]+)\](?::\d+)?$/.exec(text)?.[1] ?? text
  const bare = bracketed.replace(/%.*$/, '').replace(/^::ffff:(?=\d+\.)/i, '')
  return bare.replace(/^(\d+\.\d+\.\d+\.\d+):\d+$/, '$1')
}

function networkOf(address: string): string {
  if (isIPv4(address) || isIP(address) === 0) return address
  const [head = '', tail] = address.toLowerCase().split('::')
  const before = head === '' ? [] : head.split(':')
  const after = tail === undefined || tail === '' ? [] : tail.split(':')
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - before.length - after.length)
  const groups = [...before, ...new Array<string>(zeros).fill('0'), ...after].slice(0, 4)
  return `${groups.map((group) => group.replace(/^0+(?=.)/, '')).join(':')}::/64`
}
