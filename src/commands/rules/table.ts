/** Text in columns. */

/** Rows under their titles; columns whose names are in `right` are set to the right. */
export function table(
  titles: readonly string[],
  rows: readonly (readonly string[])[],
  right: number,
): string {
  const widths = titles.map((title, index) =>
    Math.max(title.length, ...rows.map((row) => row[index]?.length ?? 0)),
  )
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, index) => {
        const width = widths[index] ?? 0
        return index < right ? cell.padEnd(width) : cell.padStart(width)
      })
      .join('  ')
      .trimEnd()
  return `${[titles, ...rows].map(line).join('\n')}\n`
}
