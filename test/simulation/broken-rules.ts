/** Rules broken on purpose, one at a time, by what the server is given: each must be found. */
import {
  asNobody,
  believes,
  drafting,
  emptiesOthers,
  erasing,
  forgetsDevices,
  forgetsVisits,
  hurry,
  keepsHalves,
  keepsOldSnapshots,
  letsAnybodyIn,
  missesDepartures,
  missesLast,
  namesNoVisit,
  otherGuard,
  saysAnotherTime,
  skipsChanges,
  swapsAcks,
  tellsNobody,
} from './breaking.ts'
import type { Broken } from './house.ts'

export interface BrokenRule {
  readonly rule: string
  /** What is done wrong. */
  readonly wrong: string
  /** The first seed that finds it, where that is not among the first few: the search begins there. */
  readonly from?: number
  readonly broken: Broken
  /** The rule under which it is found. */
  readonly found: RegExp
}

export const BROKEN_RULES: readonly BrokenRule[] = [
  {
    rule: 'V5',
    wrong: 'a visit ends 15 s after its last socket went',
    broken: { settings: { leaveGraceMs: 15_000 } },
    found: /^V/,
  },
  {
    rule: 'Q7',
    wrong: 'a start waits for nobody to come back',
    broken: { settings: { restartGraceMs: 0 } },
    found: /^(Q7|V|E10)/,
  },
  {
    rule: 'I6',
    wrong: 'a UserInfo is believed half',
    broken: { settings: { confidence: { signedOut: 0.9, userInfo: 0.5, confirmed: 1 } } },
    found: /^I/,
  },
  {
    rule: 'L2',
    wrong: 'two engines hold a lease',
    from: 6,
    broken: { settings: { leasesPerVisit: 2 } },
    found: /^(L|the answer)/,
  },
  {
    rule: 'Q1',
    wrong: 'a commit is told before the disk has it',
    broken: { store: (store) => ({ ...store, commit: (draft, stamp) => hurry(store.commit(draft, stamp)) }) },
    found: /Q1/,
  },
  {
    rule: 'Q8',
    wrong: 'what a failed commit has put stays',
    from: 4,
    broken: { disk: keepsHalves },
    found: /./,
  },
  {
    rule: 'Q2',
    wrong: 'a commit that failed at its flush is never told, though it is on disk',
    from: 16,
    broken: { store: (store) => ({ ...store, recovered: () => new Promise(() => {}) }) },
    found: /^(V4|Q12|two tabs)/,
  },
  {
    rule: 'Q1',
    wrong: 'a flush that failed is not noticed',
    broken: {
      store: (store) => ({ ...store, commit: (draft, stamp) => believes(store.commit(draft, stamp)) }),
    },
    found: /Q1/,
  },
  {
    rule: 'E1',
    wrong: 'nobody remembers what was said',
    broken: { store: drafting((draft) => Object.assign(draft, { seenSeq: () => 0 })) },
    found: /^E1/,
  },
  {
    rule: 'E9',
    wrong: 'a visitID leads nowhere',
    broken: { store: drafting(forgetsVisits) },
    found: /^(E9|V|B1)/,
  },
  {
    rule: 'E4',
    wrong: 'a start does not look at the time that is stored',
    from: 25,
    broken: { store: (store) => ({ ...store, lastAt: () => 0 }) },
    found: /^E4/,
  },
  {
    rule: 'V6',
    wrong: 'the sweep finds no deadline',
    broken: { store: (store) => ({ ...store, due: () => [] }) },
    found: /^V5, V6/,
  },
  {
    rule: 'Q5',
    wrong: 'a visitor is kept without what the last entry changed',
    broken: { store: drafting(keepsOldSnapshots) },
    found: /./,
  },
  {
    rule: 'H1',
    wrong: 'a contact row is left out',
    broken: { store: drafting((draft) => Object.assign(draft, { putContact: () => {} })) },
    found: /contact rows/,
  },
  { rule: 'P4', wrong: 'two acks change places', broken: { desk: swapsAcks }, found: /^P4/ },
  { rule: 'P6', wrong: 'any token is right', broken: { visitors: letsAnybodyIn }, found: /^(P6|Q12)/ },
  { rule: 'P4', wrong: 'an ack names no visit', broken: { desk: namesNoVisit }, found: /converge/ },
  {
    rule: 'V4',
    wrong: 'a socket that goes is not told',
    broken: { visitors: missesDepartures },
    found: /^V4/,
  },
  { rule: 'B2', wrong: 'a change is not read', broken: { relayStore: skipsChanges }, found: /^(B2|Q12)/ },
  {
    rule: 'V7',
    wrong: 'no visit supersedes another',
    broken: otherGuard('supersedes', () => false),
    found: /^V/,
  },
  {
    rule: 'V10',
    wrong: 'no visit is reopened',
    from: 6,
    broken: otherGuard('reopens', () => false),
    found: /^V/,
  },
  {
    rule: 'I3',
    wrong: 'whoever signs in is who is there',
    broken: otherGuard('namesCurrent', () => true),
    found: /^(I|E10|B1)|answer/,
  },
  {
    rule: 'I14',
    wrong: 'a rejection is forgotten',
    from: 71,
    broken: otherGuard('isRejectedHere', () => false),
    found: /^I|answer/,
  },
  {
    rule: 'Q12',
    wrong: 'who is erased is not hidden where they are known',
    from: 13,
    broken: { erasing: (visitors) => ({ ...visitors, forgetting: new Map() }) },
    found: /^(Q12|I|H5)/,
  },
  {
    rule: 'Q12',
    wrong: 'the words of who is erased stay',
    broken: { store: erasing((step) => ({ ...step, chunks: [] })) },
    found: /^Q12: gone/,
  },
  {
    rule: 'Q12',
    wrong: 'what others said is emptied too',
    broken: { store: erasing(emptiesOthers) },
    found: /^(Q12: others|Q1)/,
  },
  {
    rule: 'Q12',
    wrong: 'what was sent is not remembered, and stays in the stream',
    broken: { relayStore: (store) => ({ ...store, sentOf: () => ({ found: [], next: null }) }) },
    found: /^Q12: gone: message/,
  },
  {
    rule: 'Q12',
    wrong: 'visitors are not told that somebody is erased',
    broken: { erasing: (visitors) => ({ ...visitors, inTurn: async () => {} }) },
    found: /^(Q1|Q12|I|H5)/,
  },
  {
    rule: 'Q12',
    wrong: 'nobody remembers which devices are erased',
    broken: { store: forgetsDevices },
    found: /^(Q12|P6|E)/,
  },
  {
    rule: 'Q12',
    wrong: 'what is young goes too',
    broken: { retention: (parts) => ({ ...parts, keepMs: 60_000 }) },
    found: /^Q12: kept/,
  },
  {
    rule: 'Q12',
    wrong: 'what is too old stays',
    broken: { retention: (parts) => ({ ...parts, keepMs: 0 }) },
    found: /^Q12: too old/,
  },
  {
    rule: 'Q12',
    wrong: 'messages of an erased device are remembered',
    broken: { store: erasing(({ gone = {}, ...step }) => ({ ...step, gone: { ...gone, sent: [] } })) },
    found: /^Q12: gone/,
  },
  {
    rule: 'B2',
    wrong: 'the upkeep drops changes that are not published',
    from: 88,
    broken: { upkeep: (parts) => ({ ...parts, isPublishing: false }) },
    found: /^B2/,
  },
  {
    rule: 'P6',
    wrong: 'a token without an event is forgotten at once',
    broken: {
      store: (store) => ({
        ...store,
        dropUnusedTokens: (before, most) => store.dropUnusedTokens(before + 24 * 3_600_000, most),
      }),
    },
    found: /^P6/,
  },
  {
    rule: 'P6',
    wrong: 'a token without an event is never forgotten',
    broken: { store: (store) => ({ ...store, dropUnusedTokens: async () => 0 }) },
    found: /^Q12: hashes/,
  },
  {
    rule: 'V11',
    wrong: 'consent that is withdrawn erases nothing where it should',
    from: 39,
    broken: { consent: (parts) => ({ ...parts, onSaid: () => () => {} }) },
    found: /^V11/,
  },
  {
    rule: 'Q12',
    wrong: 'hashes of ids stay for ever',
    broken: { store: (store) => ({ ...store, dropSeen: async () => null }) },
    found: /^Q12: hashes/,
  },
  {
    rule: 'H5',
    wrong: 'History finds nobody in a visit',
    broken: { historyStore: (store) => ({ ...store, linksOfVisit: () => [] }) },
    found: /^H5/,
  },
  {
    rule: 'H5',
    wrong: 'History misses the last entry of a stream',
    broken: { historyStore: missesLast },
    found: /^H5/,
  },
  {
    rule: 'B1',
    wrong: 'a message says another time',
    broken: { relayStore: saysAnotherTime },
    found: /^B1/,
  },
  {
    rule: 'B1',
    wrong: 'who is there is not told',
    broken: { store: drafting(tellsNobody) },
    found: /^B1/,
  },
  {
    rule: 'I10',
    wrong: 'rules are asked about whom somebody knows',
    from: 5,
    broken: {
      rules: (visitors) => ({ ...visitors, view: (globalVisitID) => asNobody(visitors, globalVisitID) }),
    },
    found: /^I10: asked/,
  },
  {
    rule: 'I10',
    wrong: 'rules are not asked',
    from: 6,
    broken: { rules: (visitors) => ({ ...visitors, onSaid: () => () => {} }) },
    found: /^I10: not asked/,
  },
]
