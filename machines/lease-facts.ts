/** What can follow from engaging a visit (L1 to L5). */
export interface LeaseGranted {
  readonly type: 'lease.granted'
  readonly leaseId: number
  readonly visitId: string
  readonly engine: string
  readonly purpose: string
  readonly until: number
  /** The same engine and purpose asked again: the same lease, its time renewed. */
  readonly renewed: boolean
}

export interface LeaseRefused {
  readonly type: 'lease.refused'
  readonly visitId: string
  readonly engine: string
  readonly purpose: string
  readonly holder: string
}

export interface LeaseEnded {
  readonly type: 'lease.ended'
  readonly leaseId: number
  readonly visitId: string
  readonly engine: string
  readonly why: 'released' | 'deadline' | 'visitEnded'
}

export interface NotifyCame {
  readonly type: 'notify.came'
  readonly notifyId: string
  readonly visitId: string | null
  readonly leaseId: number | null
  readonly outcome: string
}
