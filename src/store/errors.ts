// What can go wrong with the store, each with what to do about it.

/** Nothing of the commit was kept; it may be tried again when `recovered()` resolves (Q2). */
export class StoreUnavailable extends Error {
  override readonly name = 'StoreUnavailable'
  readonly code = 'STORE_UNAVAILABLE'
}

/** LMDB cannot go on with this opening of the folder, only with another one, in another process. */
export class StoreBroken extends Error {
  override readonly name = 'StoreBroken'
  readonly code = 'STORE_BROKEN'
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

/** What the system says in numbers where a disk is full or broken: EIO, ENOSPC, EROFS, EDQUOT. */
const DISK_ERRORS: readonly unknown[] = [5, 28, 30, 122]

/**
 * True for what lmdb throws, beside rejecting the commit, when a disk is full: nobody can catch these rejections, and
 * they must not end the process (Q2). For the handler of `unhandledRejection`. Node's own errors have codes in letters.
 */
export function isLmdbAftershock(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  return commitErrorOf(error) !== null || ('code' in error && DISK_ERRORS.includes(error.code))
}

/** The promise that lmdb puts on a failed commit: it rejects with what the system said. */
export function commitErrorOf(error: unknown): Promise<unknown> | null {
  if (!(error instanceof Error) || !('commitError' in error)) return null
  return error.commitError instanceof Promise ? error.commitError : null
}
