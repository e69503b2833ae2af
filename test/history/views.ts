/** A visitor's live state as the visitors' room would tell it. */
import type { ViewVisitor, VisitorView } from '../../src/visitors/views.ts'

/** Says the same of every visitor, but for what is given. */
export function createViewStub(more: Partial<VisitorView> = {}): ViewVisitor {
  return (globalVisitID) => ({
    number: 1,
    globalVisitID,
    seq: 7,
    position: 7,
    state: 'Recognized',
    identityId: 'pat@example.com',
    confidence: { confidence: 0.8, asOf: 0, halfLifeMs: null },
    interaction: 'verify',
    since: 1_700_000_000_000,
    visit: { ordinal: 1, visitId: 'v1', startDate: 1_700_000_000_000, implicit: false },
    session: null,
    pages: [{ ordinal: 99, pageId: 'page-1', browserPageID: 'tab-1', enteredAt: 1_700_000_000_000 }],
    lastActivity: 1_700_000_001_000,
    rejected: ['sam@example.com'],
    lease: null,
    leases: [],
    withdrawn: false,
    ...more,
  })
}
