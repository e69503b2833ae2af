/** How an identity stands now: derived at read, since its visits belong to many visitors. */
import type { Reading } from './reading.ts'
import { identityResource } from './resources.ts'
import type { IdentityResource } from './schemas.ts'

type VisitScope = IdentityResource['visitScope']

/** Of a person with more visits, the newest so many are asked. */
const LINKS_MAX = 500
const LINKS_AT_ONCE = 50

/**
 * `Authenticated` if a session of the identity is open, which is where a link says so; else what the latest link
 * says.
 */
export function visitScopeOf({ store, budget }: Reading, identity: number): VisitScope {
  let latest: VisitScope | null = null
  let from: number | undefined
  for (let looked = 0; looked < LINKS_MAX; looked += LINKS_AT_ONCE) {
    const links = store.linksOfIdentity(identity, {
      ...(from === undefined ? {} : { from }),
      limit: LINKS_AT_ONCE,
      reverse: true,
    })
    budget.spend(links.length)
    for (const { association } of links) {
      if (association === 'Authenticated') return 'Authenticated'
      if (association === 'Recognized' || association === 'WM-Recognized') latest ??= association
    }
    const last = links.at(-1)
    if (last === undefined || links.length < LINKS_AT_ONCE) break
    from = last.position - 1
  }
  // All its links were taken back: nobody vouches for it any more.
  return latest ?? 'Recognized'
}

/** An identity as a resource without relations. */
export function identityAlone(reading: Reading, identity: number) {
  const row = reading.store.identity(identity)
  if (row === null) throw new TypeError(`identity ${identity} has no row`)
  return identityResource(row, visitScopeOf(reading, identity))
}
