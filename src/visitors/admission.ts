/** Whether a hello may speak for a visitor: its device token is bound at the first, and compared ever after (P6). */
import { timingSafeEqual } from 'node:crypto'
import type { Store } from '../store/contract.ts'
import type { Admission } from './contract.ts'
import type { ViewVisitor } from './views.ts'

export interface AdmissionOptions {
  readonly store: Store
  readonly view: ViewVisitor
  /** Binds a token where none is bound; true, on disk, if it is the bound one then. */
  readonly bind: (globalVisitID: string, tokenHash: Uint8Array) => Promise<boolean>
}

export interface Door {
  readonly isKnown: (globalVisitID: string) => boolean
  readonly admit: (globalVisitID: string, tokenHash: Uint8Array | null) => Promise<Admission>
}

export function createDoor({ store, view, bind }: AdmissionOptions): Door {
  const isErased = (globalVisitID: string): boolean => store.erasedAt('device', globalVisitID) !== 0

  const isKnown = (globalVisitID: string): boolean =>
    store.visitorNumber(globalVisitID) !== 0 || store.token(globalVisitID) !== null || isErased(globalVisitID)

  const isRight = async (globalVisitID: string, tokenHash: Uint8Array | null): Promise<boolean> => {
    // Q12: nobody speaks for a device that was erased; it begins as a new one.
    if (isErased(globalVisitID)) return false
    const bound = store.token(globalVisitID)
    if (bound !== null) return tokenHash !== null && timingSafeEqual(bound.hash, tokenHash)
    return tokenHash === null || bind(globalVisitID, tokenHash)
  }

  const admit = async (globalVisitID: string, tokenHash: Uint8Array | null): Promise<Admission> => {
    const isNew = !isKnown(globalVisitID)
    if (!(await isRight(globalVisitID, tokenHash))) return { is: 'unauthorized' }
    const visitor = view(globalVisitID)
    const standing = { visitId: visitor?.visit?.visitId ?? null, state: visitor?.state ?? 'Anonymous' }
    return { is: 'admitted', isNew, standing }
  }

  return { isKnown, admit }
}
