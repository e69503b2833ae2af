/** The links of a visit to people: what the last fact said is what the row says, and the visit knows whom it saw. */
import type { Association, Fact } from '../../../machines/facts.ts'
import type { Store } from '../../store/contract.ts'
import type { StoredEntry } from '../../store/rows.ts'
import type { Checks } from './findings.ts'

interface ToldLink {
  readonly visit: number
  readonly identityId: string
  readonly association: Association | null
  readonly position: number
}

/** Links told of, kept until they are settled. */
export function createLinks(store: Store, number: number, checks: Checks) {
  const links = new Map<string, ToldLink>()
  let firstPosition = 0

  const prove = ({ visit, identityId, association, position }: ToldLink): void => {
    const identity = store.identityNumber(identityId)
    const what = `visit ${visit}, link to identity ${identity}`
    const row = store.link(number, visit, identity)
    if (row === null) return checks.same(what, 'no row', 'a row')
    checks.same(`${what}: association`, row.association, association)
    // What first made it may be too old to be kept.
    const made = row.position < firstPosition ? row.position : position
    checks.same(`${what}: position`, row.position, made)
    const [listed] = store.linksOfIdentity(identity, { from: made, to: made, limit: 1 })
    checks.holds(`${what}: the identity lists it`, listed?.number === number && listed.visit === visit)
  }

  return {
    /** Told of every entry, before its facts. */
    begin: ({ position }: StoredEntry): void => {
      if (firstPosition === 0) firstPosition = position
    },
    take: (stored: StoredEntry, fact: Fact): void => {
      if (fact.type !== 'link.changed') return
      const { visit, identityId, association } = fact
      const place = `${visit} ${identityId}`
      const position = links.get(place)?.position ?? stored.position
      links.set(place, { visit, identityId, association, position })
    },
    /** Compares the links of the visits before this one: nothing changes them any more. */
    settle: (before: number): void => {
      for (const [place, link] of links) {
        if (link.visit >= before) continue
        links.delete(place)
        prove(link)
      }
    },
  }
}
