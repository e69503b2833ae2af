/** Under which subject a change is published: `<prefix>.<kind>.<name>.<globalVisitID>`. */
import type { ChangeKind, ChangeRow } from '../store/rows.ts'

const KINDS: readonly ChangeKind[] = ['identity', 'visit', 'event', 'lease', 'notify']

/** The subject of a change. Only ids and names of bounded alphabets (E6) come into it. */
export function subjectOf(
  prefix: string,
  change: Pick<ChangeRow, 'kind' | 'name' | 'globalVisitID'>,
): string {
  return `${prefix}.${change.kind}.${subjectWord(change.kind, change.name)}.${change.globalVisitID}`
}

/** All subjects of all changes: what the stream takes. Not `<prefix>.>`, which would take requests too (B3). */
export function streamSubjects(prefix: string): readonly string[] {
  return KINDS.map((kind) => `${prefix}.${kind}.>`)
}

function subjectWord(kind: ChangeKind, name: string): string {
  switch (kind) {
    case 'identity':
      return name === 'wmRecognized' ? 'wm-recognized' : name
    case 'event':
      // A dot would make two words of one; the true name is in the message.
      return name.replaceAll('.', '_')
    case 'visit':
    case 'lease':
    case 'notify':
      return name
  }
}
