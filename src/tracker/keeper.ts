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

/** Names of cookies, and of keys in their place. */
const PAIR = '_gt_id'
const REFUSED = '_gt_off'
const VISIT = '_gt_visit'
const FOR_A_YEAR = '; Max-Age=31536000'

export function makeKeeper({ local, session, cookieDomain: domain }: KeeperOptions): Keeper {
  const shared = domain ? `; Domain=${domain}` : ''

  /** For long: in localStorage, or in a cookie where subdomains share it or localStorage is blocked. */
  function keep(name: string, value: string): void {
    if (!domain && local.write(name, value)) return
    writeCookie(name, value, shared + FOR_A_YEAR)
  }

  const read = (name: string): string | null | undefined => (!domain && local.read(name)) || readCookie(name)

  function remove(name: string): void {
    local.drop(name)
    session.drop(name)
    writeCookie(name, '', `${shared}; Max-Age=0`)
  }

  return {
    readPair() {
      const [globalVisitID, deviceToken] = halves(read(PAIR))
      return globalVisitID && deviceToken ? { globalVisitID, deviceToken } : null
    },
    keepPair: ({ globalVisitID, deviceToken }) => keep(PAIR, `${globalVisitID}.${deviceToken}`),
    readVisit(globalVisitID) {
      const [visitID, owner] = halves(readCookie(VISIT) || session.read(VISIT))
      return visitID && owner === globalVisitID ? visitID : null
    },
    // The visitor stands beside the visit: a visit belongs to the visitor who used it first (E9).
    keepVisit(globalVisitID, visitID) {
      const text = `${visitID}.${globalVisitID}`
      if (!writeCookie(VISIT, text, shared)) session.write(VISIT, text)
    },
    forget() {
      remove(PAIR)
      remove(VISIT)
    },
    hasRefused: () => !!read(REFUSED),
    setRefused: (refused) => (refused ? keep(REFUSED, '1') : remove(REFUSED)),
  }
}

function halves(text: string | null | undefined): readonly (string | undefined)[] {
  const [, first, second] = /^([\w-]{1,64})\.([\w-]{1,64})$/.exec(text || '') || []
  return [first, second]
}
