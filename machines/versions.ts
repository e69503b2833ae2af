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
  if (!Number.isInteger(version) || version < 1) {
    throw new SnapshotDamaged(`a snapshot has version ${version}: versions count from 1`)
  }
  if (version > MACHINE_VERSION) throw new SnapshotTooNew(version)
  const today = MIGRATIONS.slice(version - 1).reduce((older, migration) => migration(older), kept)
  if (isKept(today)) return today
  throw new SnapshotDamaged(
    `a snapshot of version ${version} is not one: its states or its context are missing, or say different things`,
  )
}

const VISIT_STATES = ['away', 'browsing', 'leaving']
const IDENTITY_STATES = ['anonymous', 'authenticated', 'recognized', 'wmRecognized']

/** What the disk gives back is checked once, here: that it has its parts, and that states and context agree. */
function isKept(value: unknown): value is KeptSnapshot {
  if (!isRecord(value) || !isRecord(value.context)) return false
  const { visit, identity, context } = value
  if (!VISIT_STATES.includes(String(visit)) || !IDENTITY_STATES.includes(String(identity))) return false
  return (
    'counts' in context &&
    (visit === 'away' ? context.visit === null : isRecord(context.visit)) &&
    isRecord(context.who) &&
    context.who.state === identity
  )
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}
