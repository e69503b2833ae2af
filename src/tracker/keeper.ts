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
  /** Forgets who this is. */
  forget(): void
  /** Whether this browser refused to be tracked; the mark holds no id. */
  hasRefused(): boolean
  setRefused(refused: boolean): void
}

export interface KeeperOptions {
  readonly local: Place
  readonly session: Place
  readonly cookieDomain: string | undefined
}

const PAIR = 'id'
const REFUSED = 'off'
const VISIT_COOKIE = '_gt_visit'
const VISIT_KEY = '_gt.visit'
const FOR_A_YEAR = '; Max-Age=31536000'
const NO_LONGER = '; Max-Age=0'

export function makeKeeper({ local, session, cookieDomain: domain }: KeeperOptions): Keeper {
  const shared = domain ? `; Domain=${domain}` : ''

  /** For long: in localStorage, or in a cookie where subdomains share it or localStorage is blocked. */
  function keep(name: string, value: string): void {
    if (!domain && local.write(`_gt.${name}`, value)) return
    writeCookie(`_gt_${name}`, value, shared + FOR_A_YEAR)
  }

  const read = (name: string): string | null =>
    (!domain && local.read(`_gt.${name}`)) || readCookie(`_gt_${name}`)

  function remove(name: string): void {
    local.remove(`_gt.${name}`)
    writeCookie(`_gt_${name}`, '', shared + NO_LONGER)
  }

  return {
    readPair() {
      const [globalVisitID, deviceToken] = halves(read(PAIR))
      return globalVisitID && deviceToken ? { globalVisitID, deviceToken } : null
    },
    keepPair: ({ globalVisitID, deviceToken }) => keep(PAIR, `${globalVisitID}.${deviceToken}`),
    readVisit(globalVisitID) {
      const [visitID, owner] = halves(readCookie(VISIT_COOKIE) || session.read(VISIT_KEY))
      return visitID && owner === globalVisitID ? visitID : null
    },
    // The visitor stands beside the visit: a visit belongs to the visitor who used it first (E9).
    keepVisit(globalVisitID, visitID) {
      const text = `${visitID}.${globalVisitID}`
      if (!writeCookie(VISIT_COOKIE, text, shared)) session.write(VISIT_KEY, text)
    },
    forget() {
      remove(PAIR)
      writeCookie(VISIT_COOKIE, '', shared + NO_LONGER)
      session.remove(VISIT_KEY)
    },
    hasRefused: () => read(REFUSED) !== null,
    setRefused: (refused) => (refused ? keep(REFUSED, '1') : remove(REFUSED)),
  }
}

function halves(text: string | null): readonly (string | undefined)[] {
  const [, first, second] = /^([\w-]{1,64})\.([\w-]{1,64})$/.exec(text || '') || []
  return [first, second]
}
