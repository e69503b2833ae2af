// How many bytes of the data file hold rows: freed pages do not count, they are used again before the file grows.
import { TABLE_NAMES, type Table, type Tables } from './tables.ts'

/** Bytes of all pages in use. Cheap: LMDB counts a table's pages as they come and go. */
export function usedBytes(tables: Tables): number {
  const env = statsOf(tables.env)
  const pages = TABLE_NAMES.reduce(
    (sum, name) => sum + pagesOf(statsOf(tables[name])),
    pagesOf(env.root) + pagesOf(env.free),
  )
  return pages * env.pageSize
}

interface Pages {
  readonly treeBranchPageCount: number
  readonly treeLeafPageCount: number
  readonly overflowPages: number
}

interface Stats extends Pages {
  readonly pageSize: number
  readonly root: Pages
  readonly free: Pages
}

/** lmdb types its statistics as {}; what is in them was looked up in 3.5.6. */
function statsOf(table: Pick<Table, 'getStats'>): Stats {
  return table.getStats() as Stats
}

function pagesOf({ treeBranchPageCount, treeLeafPageCount, overflowPages }: Pages): number {
  return treeBranchPageCount + treeLeafPageCount + overflowPages
}
