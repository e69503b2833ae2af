/** Versions of a kept snapshot: each older one is brought to the next by a pure migration; a newer one is refused. */
import type { KeptSnapshot } from './visitor.ts'

/** Rises with every change of the states, the context or the guards' numbers. */
export const MACHINE_VERSION = 1

/** `migrations[n - 1]` makes version n + 1 of version n. Append only. */
const MIGRATIONS: readonly ((kept: unknown) => unknown)[] = []

/** A snapshot of a later server: it cannot be understood, and is left as it is. */
export class SnapshotTooNew extends Error {
  override readonly name = 'SnapshotTooNew'
  constructor(version: number) {
    super(
      `a snapshot has version ${version}, this server knows up to ${MACHINE_VERSION}: start the newer server`,
    )
  }
}

/** The snapshot does not have the shape of its version: it is rebuilt from the stream. */
export class SnapshotDamaged extends Error {
  override readonly name = 'SnapshotDamaged'
}

/** Brings a kept snapshot of any version to today's. Throws `SnapshotTooNew` or `SnapshotDamaged`. */
export function migrate(version: number, kept: unknown): KeptSnapshot {
  if (version > MACHINE_VERSION) throw new SnapshotTooNew(version)
  const today = MIGRATIONS.slice(version - 1).reduce((older, migration) => migration(older), kept)
  if (isKept(today)) return today
  throw new SnapshotDamaged(`a snapshot of version ${version} is not one: it has no states or no context`)
}

const VISIT_STATES = ['away', 'browsing', 'leaving']
const IDENTITY_STATES = ['anonymous', 'authenticated', 'recognized', 'wmRecognized']

/** What the disk gives back is checked once, here; the type inside is trusted. */
function isKept(value: unknown): value is KeptSnapshot {
  if (typeof value !== 'object' || value === null) return false
  const { visit, identity, context } = value as { visit?: unknown; identity?: unknown; context?: unknown }
  return (
    VISIT_STATES.includes(String(visit)) &&
    IDENTITY_STATES.includes(String(identity)) &&
    typeof context === 'object' &&
    context !== null &&
    'who' in context &&
    'counts' in context &&
    'visit' in context
  )
}
