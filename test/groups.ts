/** Which tests run together, in a process of their own. */

export interface Group {
  readonly name: string
  /** Which files, by their path under test/. */
  readonly pattern: string
  readonly limitMs: number
}

/** Quick ones first; each group has a limit, because a test that never ends has none of its own. */
export const GROUPS: readonly Group[] = [
  {
    name: 'rules',
    pattern: '^(tidy|beside|body|machines/|protocol/|fuzz/|config|tracker/)',
    limitMs: 300_000,
  },
  {
    name: 'rooms',
    pattern:
      '^(contract/|simulation/|store/|visitors/|rules/|gateway/|history/|live/|operating/|commands/|bench/)',
    limitMs: 600_000,
  },
  { name: 'privacy', pattern: '^(erasure/|retention/)', limitMs: 300_000 },
  { name: 'bus', pattern: '^bus/', limitMs: 300_000 },
  { name: 'withstand', pattern: '^(hostile/|faults/)', limitMs: 600_000 },
  { name: 'whole', pattern: '^(end-to-end/|browser/)', limitMs: 900_000 },
]

/** The pattern of a group's files as uvu takes it. */
export function filesOf({ pattern }: Group): string {
  return `(?:${pattern}).*\\.test\\.ts$`
}
