/** What one address may do: how many sockets, new visitors a minute, and events by `POST /track`. */
import type { Config } from '../config.ts'
import { fullAfterTaking, type Rate, waitMs } from './rate.ts'

const MINUTE_MS = 60_000

export interface AddressLimits {
  /** Counts a socket; false where the address has all it may have, and then it is not counted. */
  connect(address: string): boolean
  disconnect(address: string): void
  /** 0 = one more visitor may be made, and is counted; else ms until the next may. */
  takeNewVisitor(address: string, now: number): number
  /** 0 = so many events may be posted, and are counted; else ms until they may. */
  takePosted(address: string, count: number, now: number): number
  /** Forgets what no longer limits anybody. `now` is uptime in ms, as above. */
  sweep(now: number): void
}

type Limits = Pick<
  Config,
  'connectionsPerAddress' | 'newVisitorsPerMinute' | 'eventsPerSecond' | 'eventsBurst'
>

/** Counts in memory; what it holds is bounded by the addresses seen within the last minute. */
export function createAddressLimits(config: Limits): AddressLimits {
  const sockets = new Map<string, number>()
  const newcomers = new Map<string, { readonly since: number; count: number }>()
  const posted = new Map<string, number>()
  const rate: Rate = { perSecond: config.eventsPerSecond, burst: config.eventsBurst }

  return {
    connect(address) {
      const count = sockets.get(address) ?? 0
      if (count >= config.connectionsPerAddress) return false
      sockets.set(address, count + 1)
      return true
    },
    disconnect(address) {
      const count = sockets.get(address) ?? 0
      if (count > 1) sockets.set(address, count - 1)
      else sockets.delete(address)
    },
    takeNewVisitor(address, now) {
      if (config.newVisitorsPerMinute === 0) return 0
      const minute = newcomers.get(address)
      if (minute === undefined || now - minute.since >= MINUTE_MS) {
        newcomers.set(address, { since: now, count: 1 })
        return 0
      }
      if (minute.count >= config.newVisitorsPerMinute) return minute.since + MINUTE_MS - now
      minute.count += 1
      return 0
    },
    takePosted(address, count, now) {
      const fullAt = posted.get(address) ?? 0
      const wait = waitMs(fullAt, now, count, rate)
      if (wait === 0) posted.set(address, fullAfterTaking(fullAt, now, count, rate))
      return wait
    },
    sweep(now) {
      for (const [address, { since }] of newcomers) {
        if (now - since >= MINUTE_MS) newcomers.delete(address)
      }
      for (const [address, fullAt] of posted) if (fullAt <= now) posted.delete(address)
    },
  }
}
