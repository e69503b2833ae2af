/** Writes the table of options into docs/operating.md from the one in src/config.ts: `node --import tsx docs/options.ts`. */
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { flagOf, OPTIONS, type OptionName } from '../src/config.ts'

const PAGE = new URL('operating.md', import.meta.url)
const BEGIN = '<!-- options: made from src/config.ts -->\n'
const END = '\n<!-- end of options -->'

/** The page as it should be on disk. */
export function pageWithOptions(page: string): string {
  const begin = page.indexOf(BEGIN) + BEGIN.length
  const end = page.indexOf(END)
  if (begin < BEGIN.length || end < begin) throw new Error('docs/operating.md has no place for the options')
  return page.slice(0, begin) + optionsTable() + page.slice(end)
}

export function readPage(): string {
  return readFileSync(PAGE, 'utf8')
}

function optionsTable(): string {
  const names = Object.keys(OPTIONS) as OptionName[]
  const rows = names.map((name) => {
    const { key, says, form, fallback, secret } = { secret: false, ...OPTIONS[name] }
    const isNothing = fallback === '' || (Array.isArray(fallback) && fallback.length === 0)
    const byDefault = isNothing ? '' : `\`${String(fallback)}\``
    const meaning = secret ? `${says}; may come from a file, \`${key}_FILE\`` : says
    return `| ${[`\`${key}\``, `\`${flagOf(name)}\``, meaning, form, byDefault].map(cell).join(' | ')} |`
  })
  return ['| variable | flag | meaning | form | default |', '| --- | --- | --- | --- | --- |', ...rows].join(
    '\n',
  )
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|')
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(PAGE, pageWithOptions(readPage()))
