/** P6: who says hello, and whether that browser may speak for that visitor. */
import { createHash, randomBytes, randomUUID } from 'node:crypto'
import type { Hello, Welcome } from '../../protocol/messages.ts'
import type { Config } from '../config.ts'
import type { Standing, Visitors } from '../visitors/contract.ts'
import type { AddressLimits } from './address-limits.ts'

export type Admitted =
  | {
      readonly is: 'admitted'
      readonly globalVisitID: string
      /** Only where the server made it. */
      readonly deviceToken: string | null
      readonly standing: Standing
    }
  | { readonly is: 'unauthorized' }
  /** The address made all the visitors it may this minute. */
  | { readonly is: 'tooMany'; readonly retryAfterMs: number }

export interface Admission {
  /** Rejects with `StoreUnavailable`; what it admits is on disk. `now` is uptime in ms. */
  admit(hello: Hello, address: string, now: number): Promise<Admitted>
  /** `serverTime` in epoch ms. */
  welcome(admitted: Admitted & { readonly is: 'admitted' }, serverTime: number): Welcome
}

interface Parts {
  readonly visitors: Pick<Visitors, 'admit' | 'isKnown'>
  readonly limits: Pick<AddressLimits, 'takeNewVisitor'>
  readonly config: Pick<Config, 'frameBytes' | 'batchEvents' | 'inFlight' | 'eventsPerSecond'>
}

const TOKEN_BYTES = 16

export function createAdmission({ visitors, limits, config }: Parts): Admission {
  const { frameBytes, batchEvents, inFlight, eventsPerSecond } = config
  return {
    async admit(hello, address, now) {
      const globalVisitID = hello.globalVisitID ?? randomUUID()
      if (hello.globalVisitID === undefined || !visitors.isKnown(globalVisitID)) {
        const retryAfterMs = limits.takeNewVisitor(address, now)
        if (retryAfterMs > 0) return { is: 'tooMany', retryAfterMs }
      }
      // A token without its id is nobody's. One made here for an id that is bound to another fails as a missing one.
      const brought = hello.globalVisitID === undefined ? undefined : hello.deviceToken
      const deviceToken = brought ?? randomBytes(TOKEN_BYTES).toString('hex')
      const admission = await visitors.admit(globalVisitID, sha256(deviceToken))
      if (admission.is === 'unauthorized') return admission
      return {
        is: 'admitted',
        globalVisitID,
        deviceToken: brought === undefined ? deviceToken : null,
        standing: admission.standing,
      }
    },

    welcome({ globalVisitID, deviceToken, standing }, serverTime) {
      return {
        type: 'welcome',
        globalVisitID,
        ...(deviceToken === null ? {} : { deviceToken }),
        visitID: standing.visitId,
        state: standing.state,
        serverTime,
        limits: { frameBytes, batchEvents, inFlight, eventsPerSecond },
      }
    },
  }
}

function sha256(token: string): Uint8Array {
  return createHash('sha256').update(token, 'utf8').digest()
}
