// How many bytes of the data file hold rows: freed pages do not count, they are used again before the file grows.
import type { StoreStats } from './contract.ts'
import { TABLE_NAMES, type Table, type Tables } from './tables.ts'

/** Bytes of all pages in use, of the file, and of the map. */
export function diskBytes(tables: Tables): Pick<StoreStats, 'bytes' | 'fileBytes' | 'mapBytes'> {
  const { pageSize, lastPageNumber, mapSize } = statsOf(tables.env)
  return { bytes: usedBytes(tables), fileBytes: (lastPageNumber + 1) * pageSize, mapBytes: mapSize }
}

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
  readonly lastPageNumber: number
  readonly mapSize: number
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
