/** Draws both regions of the visitor's machine from its definition: `npm run diagrams`. */
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { visitorMachine } from '../machines/visitor.ts'

type StateNode = (typeof visitorMachine)['root']

interface Diagram {
  readonly file: URL
  readonly text: string
}

/** One transition, as it is drawn and as its row says. */
interface Move {
  readonly from: StateNode
  /** Null = it stays where it is. */
  readonly to: string | null
  readonly event: string
  readonly guard: string
  readonly actions: string
  /** The rules it follows, and what they mean here. */
  readonly rules: string
  readonly meaning: string
}

const TITLES: Readonly<Record<string, string>> = {
  visit: 'Region 1: the visit',
  identity: 'Region 2: the identity',
}

/** The diagrams as they should be on disk. */
export function diagrams(): readonly Diagram[] {
  return Object.values(visitorMachine.root.states).map((region) => ({
    file: new URL(`diagrams/${region.key}.md`, import.meta.url),
    text: page(region),
  }))
}

/** The files that are not what the machine says. */
export function staleDiagrams(): readonly string[] {
  return diagrams()
    .filter(({ file, text }) => readFileSync(file, 'utf8') !== text)
    .map(({ file }) => fileURLToPath(file))
}

function page(region: StateNode): string {
  const states = Object.values(region.states)
  const anywhere = movesOf(region)
  const tables = states.map((state) => {
    return `## In \`${state.key}\`\n\n${state.description ?? ''}\n\n${table(movesOf(state))}`
  })
  return [
    `# ${TITLES[region.key]}`,
    'Drawn from the machine by `npm run diagrams`; the rules are told in [machines/README.md](../../machines/README.md).\n' +
      'Where several rows of a table hear the same, the first whose guard holds is taken; a state is asked before its region.',
    `\`\`\`mermaid\n${drawing(region)}\n\`\`\``,
    ...tables,
    `## In any state\n\n${table(anywhere)}`,
  ]
    .join('\n\n')
    .concat('\n')
}

/** States and the moves between them; what stays where it is stands in the tables alone. */
function drawing(region: StateNode): string {
  const states = Object.values(region.states)
  const moves = [...states.flatMap(movesOf), ...movesOf(region).flatMap((move) => fromEach(move, states))]
  const arrows = new Map<string, string[]>()
  for (const { from, to, rules, ...move } of moves) {
    if (to === null || to === from.key) continue
    const arrow = `${from.key} --> ${to}`
    const label = `${rules} ${region.key === 'visit' ? move.meaning : move.event.replace('identity.', '')}`
    const labels = arrows.get(arrow) ?? []
    if (!labels.includes(label)) labels.push(label)
    arrows.set(arrow, labels)
  }
  return [
    'stateDiagram-v2',
    `  [*] --> ${region.initial.target?.[0]?.key}`,
    ...[...arrows].map(([arrow, labels]) => `  ${arrow} : ${labels.join('<br/>')}`),
  ].join('\n')
}

/** Where what a region hears in any state can change anything; where nothing is said, everywhere. */
const CHANGES_IN: Readonly<Record<string, readonly string[]>> = {
  // A visit ended, so nobody is known.
  'visit.reopened': ['anonymous'],
  // A rejection led to anonymous, a confirmation to recognized.
  'identity.retract': ['anonymous', 'recognized'],
}

function fromEach(move: Move, states: readonly StateNode[]): readonly Move[] {
  const keys = CHANGES_IN[move.event] ?? states.map(({ key }) => key)
  return states.filter(({ key }) => keys.includes(key)).map((from) => ({ ...move, from }))
}

function movesOf(state: StateNode): readonly Move[] {
  return [...state.transitions.values()].flat().map((transition): Move => {
    const [rules = '', meaning = ''] = split(transition.description ?? '')
    return {
      from: state,
      to: transition.target?.[0]?.key ?? null,
      event: transition.eventType,
      guard: nameOf(transition.guard),
      actions: transition.actions.map(nameOf).join(', '),
      rules,
      meaning,
    }
  })
}

/** `V4: its last socket went` is the rules, and what they mean here; either may be missing. */
function split(description: string): readonly [rules: string, meaning: string] {
  const [, rules, meaning] =
    /^([A-Z]\d+\w?(?:(?:, | to |, then )[A-Z]\d+\w?)*)(?:: (.*))?$/.exec(description) ?? []
  return rules === undefined ? ['', description] : [rules, meaning ?? '']
}

function table(moves: readonly Move[]): string {
  const rows = moves.map(({ from, to, event, guard, actions, rules, meaning }) => {
    const goes = to === null || to === from.key ? '' : `\`${to}\``
    return `| ${[code(event), code(guard), code(actions), goes, rules, meaning].join(' | ')} |`
  })
  return [
    '| hears | if | does | goes to | rules | that is |',
    '| --- | --- | --- | --- | --- | --- |',
    ...rows,
  ].join('\n')
}

function code(name: string): string {
  return name === '' ? '' : `\`${name}\``
}

/** Guards and actions are named in the definition, by text or as an object with a type. */
function nameOf(named: unknown): string {
  if (typeof named === 'string') return named
  return typeof named === 'object' && named !== null && 'type' in named ? String(named.type) : ''
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const { file, text } of diagrams()) writeFileSync(file, text)
}
