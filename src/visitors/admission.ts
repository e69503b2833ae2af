/** Whether a hello may speak for a visitor: its device token is bound at the first, and compared ever after (P6). */
import { timingSafeEqual } from 'node:crypto'
import type { Store } from '../store/contract.ts'
import type { Admission } from './contract.ts'
import type { ViewVisitor } from './views.ts'
import { isOld } from './works.ts'

export interface AdmissionOptions {
  readonly store: Store
  readonly view: ViewVisitor
  /** Epoch ms. */
  readonly now: () => number
  /** Binds a token where none is bound; true, on disk, if it is the bound one then. */
  readonly bind: (globalVisitID: string, tokenHash: Uint8Array) => Promise<boolean>
}

export interface Door {
  readonly isKnown: (globalVisitID: string) => boolean
  readonly admit: (globalVisitID: string, tokenHash: Uint8Array | null) => Promise<Admission>
}

export function createDoor({ store, view, now, bind }: AdmissionOptions): Door {
  /** Their token was put, and whether the disk has it is not known yet: what is read of it may be gone after a crash. */
  const unsure = new Set<string>()

  const isErased = (globalVisitID: string): boolean => store.erasedAt('device', globalVisitID) !== 0

  const isKnown = (globalVisitID: string): boolean =>
    store.visitorNumber(globalVisitID) !== 0 || store.token(globalVisitID) !== null || isErased(globalVisitID)

  const isRight = async (globalVisitID: string, tokenHash: Uint8Array | null): Promise<boolean> => {
    // Q12: nobody speaks for a device that was erased; it begins as a new one.
    if (isErased(globalVisitID)) return false
    const bound = store.token(globalVisitID)
    if (bound === null) return tokenHash === null || bindSurely(globalVisitID, tokenHash)
    if (tokenHash === null || !timingSafeEqual(bound.hash, tokenHash)) return false
    const mayBeForgotten = store.visitorNumber(globalVisitID) === 0 && isOld(bound, now())
    // In its turn behind the commit that bound it, and before it is forgotten.
    return unsure.has(globalVisitID) || mayBeForgotten ? bind(globalVisitID, tokenHash) : true
  }

  const bindSurely = async (globalVisitID: string, tokenHash: Uint8Array): Promise<boolean> => {
    unsure.add(globalVisitID)
    try {
      const isBound = await bind(globalVisitID, tokenHash)
      unsure.delete(globalVisitID)
      return isBound
    } catch (cause) {
      void store.recovered().then(() => unsure.delete(globalVisitID))
      throw cause
    }
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
