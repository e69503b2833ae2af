// What can go wrong with the store, each with what to do about it.

/** Nothing of the commit was kept; it may be tried again when `recovered()` resolves (Q2). */
export class StoreUnavailable extends Error {
  override readonly name = 'StoreUnavailable'
  readonly code = 'STORE_UNAVAILABLE'
}

/** The disk says otherwise than the draft supposed: another one wrote this visitor, or the node, since. */
export class StaleCommit extends Error {
  override readonly name = 'StaleCommit'
  readonly code = 'STALE_COMMIT'
}

/** Another server has the folder (Q4). */
export class StoreLocked extends Error {
  override readonly name = 'StoreLocked'
  readonly code = 'STORE_LOCKED'
}

/** The folder was written by a newer version of this server (Q5). */
export class StoreTooNew extends Error {
  override readonly name = 'StoreTooNew'
  readonly code = 'STORE_TOO_NEW'
}

/**
 * True for what lmdb throws, beside rejecting the commit, when a disk is full: nobody can catch these two rejections,
 * and they must not end the process (Q2). For the handler of `unhandledRejection`.
 */
export function isLmdbAftershock(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  const code = 'code' in error ? error.code : undefined
  return code === 5 && error.message.includes('Input/output error')
}
