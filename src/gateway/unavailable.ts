/** Telling a store that cannot keep anything now, which is no fault of ours, from everything else. */

/** By its name: the gateway does not know the store. Whoever refused it has logged it. */
export function isStoreUnavailable(cause: unknown): boolean {
  return cause instanceof Error && cause.name === 'StoreUnavailable'
}
