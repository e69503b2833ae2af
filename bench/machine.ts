/** What the machine lets one process have. */
import { readFileSync } from 'node:fs'

/** Files that a server opens besides its sockets, and ports that others use. */
const FILES_KEPT = 500
const PORTS_KEPT = 500

/** Connections between one client and one server: each needs a file on either side, and a port. */
export function connectionsCarried(): number {
  // Node takes the hard limit as its own; what it starts inherits that.
  const [, files = 0] = /^Max open files\s+\d+\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8')) ?? []
  const [from = 0, to = 0] = readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'utf8')
    .split(/\s+/)
    .map(Number)
  return Math.min(Number(files) - FILES_KEPT, to - from - PORTS_KEPT)
}
