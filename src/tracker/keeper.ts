/** What a browser keeps of its visitor: the id with its token as one value, and the visit its tabs share (T2). */
import { type Place, readCookie, writeCookie } from './places.ts'

export interface Pair {
  readonly globalVisitID: string
  readonly deviceToken: string
}

export interface Keeper {
  /** The pair, or null where there is none; half a pair is none. */
  readPair(): Pair | null
  keepPair(pair: Pair): void
  /** The open visit of this visitor, as far as this browser knows. */
  readVisit(globalVisitID: string): string | null
  keepVisit(globalVisitID: string, visitID: string): void
  forget(): void
}

export const PAIR_KEY = '_gt.id'
export const PAIR_COOKIE = '_gt_id'
export const VISIT_COOKIE = '_gt_visit'
const VISIT_KEY = '_gt.visit'
const YEAR_SECONDS = 31_536_000

export interface KeeperOptions {
  readonly local: Place
  readonly session: Place
  readonly cookieDomain: string | undefined
}

export function makeKeeper({ local, session, cookieDomain: domain }: KeeperOptions): Keeper {
  return {
    readPair() {
      const text = (!domain && local.read(PAIR_KEY)) || readCookie(PAIR_COOKIE)
      const [globalVisitID, deviceToken] = halves(text)
      return globalVisitID && deviceToken ? { globalVisitID, deviceToken } : null
    },
    keepPair({ globalVisitID, deviceToken }) {
      const text = `${globalVisitID}.${deviceToken}`
      if (!domain && local.write(PAIR_KEY, text)) return
      writeCookie(PAIR_COOKIE, text, { domain, maxAgeSeconds: YEAR_SECONDS })
    },
    readVisit(globalVisitID) {
      const [visitID, owner] = halves(readCookie(VISIT_COOKIE) || session.read(VISIT_KEY))
      return visitID && owner === globalVisitID ? visitID : null
    },
    // The visitor stands beside the visit: a visit belongs to the visitor who used it first (E9).
    keepVisit(globalVisitID, visitID) {
      const text = `${visitID}.${globalVisitID}`
      if (!writeCookie(VISIT_COOKIE, text, { domain })) session.write(VISIT_KEY, text)
    },
    forget() {
      local.remove(PAIR_KEY)
      session.remove(VISIT_KEY)
      for (const cookie of [PAIR_COOKIE, VISIT_COOKIE]) writeCookie(cookie, '', { domain, maxAgeSeconds: 0 })
    },
  }
}

function halves(text: string | null): readonly string[] {
  return /^[\w-]{1,64}\.[\w-]{1,64}$/.test(text || '') ? (text || '').split('.') : []
}
