/** What one browser keeps between its tabs and visits: its id with its token, the visitID, and what is not sent yet. */
import type { WireEvent } from '../../../protocol/events.ts'
import type { Random } from './random.ts'

export interface Device {
  globalVisitID: string
  deviceToken: string
  /** The visit that new events name. */
  visitID: string
  /** What tabs that are gone had not got acknowledged: the next tab takes it over. */
  leftover: WireEvent[]
  /** It was told once that its token is wrong (4503), and began anew. */
  startedAnew: boolean
}

/** P6. Id and token are made together. */
export function newDevice(random: Random): Device {
  return { ...newPair(random), visitID: uuid(random), leftover: [], startedAnew: false }
}

/**
 * After 4503: a new pair and a new visit, once. `refusedID` is the id that was refused; where another tab has begun
 * anew already there is nothing to do. False = give up.
 */
export function startAnew(device: Device, refusedID: string, random: Random): boolean {
  if (device.globalVisitID !== refusedID) return true
  if (device.startedAnew) return false
  Object.assign(device, newPair(random), { visitID: uuid(random), startedAnew: true })
  return true
}

/** Events of a queue as this device says them now. */
export function stampAnew(events: readonly WireEvent[], { visitID }: Device): WireEvent[] {
  return events.map((event) => ({ ...event, visitID }))
}

/** A random UUID (v4). */
export function uuid({ hex, pick }: Random): string {
  return `${hex(8)}-${hex(4)}-4${hex(3)}-${pick(['8', '9', 'a', 'b'])}${hex(3)}-${hex(12)}`
}

/** A UUID in the order of time (v7, its ms and what is left of one), as the tracker makes them for events. */
export function timedUuid({ hex, pick }: Random): string {
  const now = performance.timeOrigin + performance.now()
  const time = Math.floor(now).toString(16).padStart(12, '0')
  const within = Math.floor((now % 1) * 4_096)
    .toString(16)
    .padStart(3, '0')
  return `${time.slice(0, 8)}-${time.slice(8)}-7${within}-${pick(['8', '9', 'a', 'b'])}${hex(3)}-${hex(12)}`
}

function newPair(random: Random): Pick<Device, 'globalVisitID' | 'deviceToken'> {
  return { globalVisitID: uuid(random), deviceToken: random.hex(32) }
}
