/** Prints results as one table. */

export interface Row {
  readonly name: string
  /** Null = it has nothing of the kind. */
  readonly floor: number | null
  readonly ours: number
  readonly note?: string
}

const HEAD = ['', 'floor: ws + JSON', 'vestibule', 'ratio', '']
const DURABILITY = ['durability', 'memory', 'fsync before ack', '', '']
const NOTE_COLUMN = 4

export function printTable(rows: readonly Row[]): void {
  printCells([HEAD, DURABILITY, ...rows.map(cellsOf)], [NOTE_COLUMN])
}

/** The first column to the left, and other columns of words; numbers to the right. */
export function printCells(cells: readonly (readonly string[])[], words: readonly number[] = []): void {
  process.stdout.write(`${formatCells(cells, words)}\n\n`)
}

/** The lines of a table. */
export function formatCells(cells: readonly (readonly string[])[], words: readonly number[] = []): string {
  const isLeft = (column: number) => column === 0 || words.includes(column)
  const widths = (cells[0] ?? []).map((_, column) =>
    Math.max(...cells.map((row) => row[column]?.length ?? 0)),
  )
  const lines = cells.map((row) =>
    row
      .map((cell, column) =>
        isLeft(column) ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join('  ')
      .trimEnd(),
  )
  return lines.join('\n')
}

function cellsOf({ name, floor, ours, note }: Row): string[] {
  const ratio = floor === null ? '' : (ours / floor).toFixed(2)
  return [name, floor === null ? '' : shown(floor), shown(ours), ratio, note ?? '']
}

/** A number as a table shows it; a dash where nothing could be measured. */
export function shown(value: number): string {
  if (Number.isNaN(value)) return '-'
  if (Math.abs(value) >= 1_000) return Math.round(value).toLocaleString('en')
  return value.toFixed(Math.abs(value) < 10 ? 2 : 0)
}
