/** Prints the results as one table. */

export interface Row {
  readonly name: string
  /** Null = it has nothing of the kind. */
  readonly floor: number | null
  readonly ours: number
  readonly note?: string
}

const HEAD = ['', 'floor: ws + JSON', 'vestibule', 'ratio', '']
const DURABILITY = ['durability', 'memory', 'fsync before ack', '', '']

export function printTable(rows: readonly Row[]): void {
  const cells = [HEAD, DURABILITY, ...rows.map(cellsOf)]
  const widths = HEAD.map((_, column) => Math.max(...cells.map((row) => row[column]?.length ?? 0)))
  const lines = cells.map((row) => {
    return row
      .map((cell, column) => padded(cell, widths[column] ?? 0, column))
      .join('  ')
      .trimEnd()
  })
  process.stdout.write(`${lines.join('\n')}\n`)
}

function cellsOf({ name, floor, ours, note }: Row): string[] {
  const ratio = floor === null ? '' : (ours / floor).toFixed(2)
  return [name, floor === null ? '' : shown(floor), shown(ours), ratio, note ?? '']
}

/** Names to the left, numbers to the right. */
function padded(cell: string, width: number, column: number): string {
  return column === 0 || column === 4 ? cell.padEnd(width) : cell.padStart(width)
}

function shown(value: number): string {
  if (Math.abs(value) >= 1_000) return Math.round(value).toLocaleString('en')
  return value.toFixed(Math.abs(value) < 10 ? 2 : 0)
}
