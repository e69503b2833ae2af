/** What a proof of the whole folder finds in an open store, as lines; none is what every test wants. */
import { findingLine } from '../../src/commands/verify/findings.ts'
import { proveFolder } from '../../src/commands/verify/folder.ts'
import type { Store } from '../../src/store/contract.ts'
import { readSettingsBook } from '../../src/visitors/snapshots.ts'

export function findingsIn(store: Store): readonly string[] {
  const lines: string[] = []
  proveFolder({
    store,
    book: readSettingsBook(store),
    tell: (finding) => void lines.push(findingLine(finding)),
    progress: () => {},
  })
  return lines
}
