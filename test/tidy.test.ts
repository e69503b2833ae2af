/** The house's own rules: who may import whom, every rule has a test, files and functions stay small. */
import { readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { filesOf, GROUPS } from './groups.ts'

const root = fileURLToPath(new URL('../', import.meta.url))
const tidy = suite('tidy')

/** What a room may import of ours; itself is always allowed. `server` and the commands may import everything. */
const ARROWS: Readonly<Record<string, readonly string[]>> = {
  machines: [],
  protocol: [],
  'src/store': [],
  'src/visitors': ['machines', 'src/store'],
  'src/erasure': ['machines', 'src/visitors', 'src/store', 'src/config.ts'],
  'src/retention': ['machines', 'src/visitors', 'src/store'],
  'src/rules': ['machines', 'src/visitors', 'src/store'],
  'src/gateway': ['protocol', 'src/visitors', 'src/config.ts', 'src/body.ts'],
  'src/history': ['src/visitors', 'src/store', 'src/config.ts', 'src/body.ts'],
  'src/live': ['src/visitors', 'src/store', 'src/config.ts', 'src/body.ts'],
  'src/bus': ['src/visitors', 'src/store', 'src/config.ts'],
  'src/tracker': ['protocol'],
  'src/operating': ['src/bus', 'src/store', 'src/config.ts'],
  'src/config.ts': ['protocol'],
  'src/body.ts': [],
}

/** The only place in src/ for each of these libraries. */
const ONE_PLACE: Readonly<Record<string, string>> = {
  lmdb: 'src/store/',
  nats: 'src/bus/nats/',
  ws: 'src/',
  xstate: 'machines/',
}

/** Past these, a file or function is too long. A function is counted without the functions that it holds. */
const FILE_LINES_MAX = 300
const TEST_FILE_LINES_MAX = 450
const FUNCTION_LINES_MAX = 70
/** A ratchet: what is too long is named here with its length, and may only shrink. Tables may be long. */
const LONG_FILES: Readonly<Record<string, number>> = { 'src/config.ts': 480 }

const FOLDERS = ['machines', 'protocol', 'src', 'test', 'bench', 'docs']
const FORBIDDEN_NAMES = /(^|\/)(utils?|helpers?|common|managers?|services?|types)(\.ts|\/|$)/
const FORBIDDEN_WORDS = /@ts-ignore|@ts-nocheck|\bTODO\b|\bFIXME\b|\bXXX\b/
const FORBIDDEN_IN_PRODUCT = /\bconsole\.|\bdebugger\b/

interface SourceFile {
  readonly path: string
  readonly text: string
}

function sources(): readonly SourceFile[] {
  return FOLDERS.flatMap((folder) => walk(join(root, folder)))
    .filter((path) => /\.(ts|mjs)$/.test(path))
    .map((path) => ({ path: relative(root, path), text: readFileSync(path, 'utf8') }))
}

function walk(folder: string): readonly string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name)
    return entry.isDirectory() ? walk(path) : [path]
  })
}

function importsOf({ path, text }: SourceFile): readonly string[] {
  return [...text.matchAll(/(?:from|import)\s*\(?'([^']+)'/g)].map(([, name = '']) =>
    name.startsWith('.') ? relative(root, join(root, path, '..', name)) : name,
  )
}

function roomOf(path: string): string {
  return Object.keys(ARROWS).find((room) => path === room || path.startsWith(`${room}/`)) ?? ''
}

const isOurs = (name: string): boolean => /^(src|machines|protocol|test|bench|docs)\//.test(name)

const all = sources()
const product = all.filter(({ path }) => /^(machines|protocol|src)\//.test(path))

tidy('arrows point down: a room imports only what lies below it', () => {
  const wrong = product.flatMap((file) => {
    const room = roomOf(file.path)
    if (room === '') return []
    const allowed = [room, ...(ARROWS[room] ?? [])]
    const upward = importsOf(file).filter((name) => isOurs(name) && !allowed.includes(roomOf(name)))
    return upward.map((name) => `${file.path} imports ${name}`)
  })
  assert.equal(wrong, [])
})

tidy('machines and protocol meet only where the gateway and REST translate', () => {
  const meeting = product.filter((file) => {
    const rooms = importsOf(file).map(roomOf)
    return rooms.includes('machines') && rooms.includes('protocol')
  })
  assert.equal(
    meeting.map(({ path }) => path),
    [],
  )
})

tidy('the pure folders import no effects', () => {
  const wrong = product
    .filter(({ path }) => /^(machines|protocol)\//.test(path))
    .flatMap((file) => importsOf(file).map((name) => [file.path, name] as const))
    .filter(
      ([path, name]) => !isOurs(name) && name !== (path.startsWith('machines/') ? 'xstate' : 'msgpackr'),
    )
  assert.equal(wrong, [])
})

tidy('each library has its one place', () => {
  const wrong = product.flatMap((file) =>
    importsOf(file)
      .filter((name) => ONE_PLACE[name] !== undefined && !file.path.startsWith(ONE_PLACE[name]))
      .map((name) => `${file.path} imports ${name}`),
  )
  assert.equal(wrong, [])
})

tidy('a file tells one thing: none is too long, the first line says which, no name that says nothing', () => {
  const linesMax = (path: string) =>
    LONG_FILES[path] ?? (path.startsWith('test/') ? TEST_FILE_LINES_MAX : FILE_LINES_MAX)
  const long = all.filter(({ path, text }) => text.split('\n').length - 1 > linesMax(path))
  assert.equal(
    long.map(({ path }) => path),
    [],
  )
  const silent = product.filter(({ text }) => !/^(#!.*\n)?(\/\*\*|\/\/)/.test(text))
  assert.equal(
    silent.map(({ path }) => path),
    [],
  )
  const named = all
    .map(({ path }) => path)
    .filter((path) => FORBIDDEN_NAMES.test(path) && !path.startsWith('test/helpers/'))
  assert.equal(named, [])
})

tidy('functions fit a screen', () => {
  const long = all.flatMap((file) => functionsOf(file).filter(({ lines }) => lines > FUNCTION_LINES_MAX))
  assert.equal(long, [])
})

tidy('no word that hides something', () => {
  const wrong = [
    ...linesWith(
      all.filter(({ path }) => path !== 'test/tidy.test.ts'),
      FORBIDDEN_WORDS,
    ),
    // The tracker's `debug` option is for the browser's console.
    ...linesWith(
      product.filter(({ path }) => !path.startsWith('src/tracker/')),
      FORBIDDEN_IN_PRODUCT,
    ),
  ]
  assert.equal(wrong, [])
})

function linesWith(files: readonly SourceFile[], words: RegExp): readonly string[] {
  return files.flatMap(({ path, text }) =>
    text.split('\n').flatMap((line, index) => (words.test(line) ? [`${path}:${index + 1}`] : [])),
  )
}

tidy('every test file runs its suites', () => {
  const silent = all
    .filter(({ path }) => path.endsWith('.test.ts'))
    .filter(({ text }) =>
      [...text.matchAll(/const (\w+) = suite[(<]/g)].some(([, name]) => !text.includes(`${name}.run()`)),
    )
  assert.equal(
    silent.map(({ path }) => path),
    [],
  )
  const none = all.filter(({ path, text }) => path.endsWith('.test.ts') && !text.includes('.run()'))
  assert.equal(
    none.map(({ path }) => path),
    [],
  )
})

tidy('every rule of the specification is proven by a test whose title begins with it', () => {
  const rules = specified()
  const titles = new Set(
    all
      .filter(({ path }) => path.endsWith('.test.ts'))
      .flatMap(({ text }) => [...text.matchAll(/['"`]((?:\[[A-Z]\d+[a-z]?\]\s*)+)/g)])
      .flatMap(([, ids = '']) => [...ids.matchAll(/\[([A-Z]\d+)[a-z]?\]/g)].map(([, id = '']) => id)),
  )
  assert.ok(rules.size > 50, `only ${rules.size} rules were found`)
  assert.equal(
    [...rules].filter((rule) => !titles.has(rule)),
    [],
  )
})

tidy('every test is run: each file of tests is of one group', () => {
  const files = walk(join(root, 'test')).filter((path) => path.endsWith('.test.ts'))
  const groups = GROUPS.map((group) => new RegExp(filesOf(group)))
  const strays = files
    .map((path) => relative(join(root, 'test'), path))
    .filter((path) => groups.filter((group) => group.test(path)).length !== 1)
  assert.equal(strays, [])
})

/** The ids that begin a row or an item of our specifications: `| V5 | ...`, `- **P4** ...`. */
function specified(): ReadonlySet<string> {
  const texts = [
    ...walk(join(root, 'docs')),
    join(root, 'protocol/README.md'),
    join(root, 'machines/README.md'),
  ]
    .filter((path) => path.endsWith('.md'))
    .map((path) => readFileSync(path, 'utf8'))
  const ids = texts.flatMap((text) => [...text.matchAll(/^(?:\| |[-*] )(?:\*\*)?`?([VIEPHBTQL]\d{1,2})\b/gm)])
  return new Set(ids.map(([, id = '']) => id))
}

interface Found {
  readonly name: string
  readonly first: number
  readonly last: number
}

/** Functions whose head ends a line with an opening brace and which close at the same indentation. */
function functionsOf(file: SourceFile): readonly { readonly name: string; readonly lines: number }[] {
  const found = allFunctionsOf(file)
  return found.map((outer) => {
    const inner = found.filter(({ first, last }) => first > outer.first && last < outer.last)
    const held = new Set(inner.flatMap(({ first, last }) => range(first, last)))
    return { name: outer.name, lines: outer.last - outer.first + 1 - held.size }
  })
}

function allFunctionsOf({ path, text }: SourceFile): readonly Found[] {
  const lines = text.split('\n')
  return lines.flatMap((line, first) => {
    const head =
      /^(\s*)(?:export )?(?:async )?function\*? (\w+)|^(\s*)(?:export )?(?:const )?(\w+)(?: =|:)?.*(?:=>|\)) \{$/.exec(
        line,
      )
    const name = head?.[2] ?? head?.[4]
    if (head === null || name === undefined || /^(if|for|while|switch|return|else|try|catch)$/.test(name))
      return []
    const indent = head[1] ?? head[3] ?? ''
    const last = lines.findIndex((later, at) => at > first && later.startsWith(`${indent}}`))
    return last === -1 ? [] : [{ name: `${path}: ${name}`, first, last }]
  })
}

function range(first: number, last: number): readonly number[] {
  return Array.from({ length: last - first + 1 }, (_, index) => first + index)
}

tidy.run()
