/** People whom no visit knows any more go; of the others, what they said before the limit (Q12). */
import type { Draft, Store } from '../store/contract.ts'
import type { IdentityRow } from '../store/rows.ts'
import { forgetAddresses } from '../visitors/addresses.ts'
import type { RetentionParts } from './contract.ts'

export interface PeopleLimit {
  /** Epoch ms. */
  readonly at: number
  readonly position: number
}

/** Looks at some people, and takes what is too old in one commit; says how many went. */
export async function agePeople(
  { store, visitors, erasures }: RetentionParts,
  people: readonly IdentityRow[],
  limit: PeopleLimit,
): Promise<number> {
  const old = people.filter((row) => isForgotten(store, row, limit) || hasOldValue(row, limit))
  if (old.length === 0) return 0
  let gone = 0
  await visitors.changeRows((draft) => {
    gone = 0
    if (erasures.isAtWork()) return
    for (const { identity } of old) {
      const row = draft.identity(identity)
      if (row === null) continue
      if (isForgotten(store, row, limit)) {
        gone += 1
        drop(draft, row)
      } else if (hasOldValue(row, limit)) keepYoung(draft, row, limit)
    }
  })
  return gone
}

/** Nobody is linked to them; a link that is being made has touched the row. */
function isForgotten(store: Store, { identity, lastSeen }: IdentityRow, { at }: PeopleLimit): boolean {
  const any = { limit: 1 }
  return (
    lastSeen < at &&
    store.linksOfIdentity(identity, any).length === 0 &&
    store.contactsOfIdentity(identity, any).length === 0
  )
}

function hasOldValue({ profile }: IdentityRow, { position }: PeopleLimit): boolean {
  return Object.values(profile).some((said) => said.position < position)
}

/** Takes a person's row, and what leads to it. */
function drop(draft: Draft, { identity, identityId, profile }: IdentityRow): void {
  forgetAddresses(draft, identity, profile)
  draft.dropIdentity(identity, identityId)
}

function keepYoung(draft: Draft, row: IdentityRow, { position }: PeopleLimit): void {
  const entries = Object.entries(row.profile)
  const old = entries.filter(([, said]) => said.position < position)
  forgetAddresses(draft, row.identity, Object.fromEntries(old))
  const young = entries.filter(([, said]) => said.position >= position)
  draft.putIdentity({ ...row, profile: Object.fromEntries(young) })
}
