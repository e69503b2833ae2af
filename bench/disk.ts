/** The disk: how long one flush takes, and how much a folder takes. */
import { closeSync, fdatasyncSync, openSync, readdirSync, rmSync, statSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { type Latency, latencyOf } from './latency.ts'

const PAGE_BYTES = 4_096
/** Far more than is written at once, so that pages lie apart. */
const FILE_PAGES = 16_384
/** A prime, which spreads them. */
const STRIDE = 7_919

/** Ms that so many pages of 4 kB, scattered over a file, take with their fdatasync: of 100 such flushes. */
export function measureFlush(folder: string, pages = 1): Latency {
  const path = join(folder, 'flush')
  const file = openSync(path, 'w')
  const page = Buffer.alloc(PAGE_BYTES, 1)
  writeSync(file, Buffer.alloc(FILE_PAGES * PAGE_BYTES))
  fdatasyncSync(file)
  const times = Array.from({ length: 101 }, (_, flush) => {
    const startedAt = performance.now()
    for (let index = 0; index < pages; index += 1) {
      writeSync(file, page, 0, PAGE_BYTES, (((flush * pages + index) * STRIDE) % FILE_PAGES) * PAGE_BYTES)
    }
    fdatasyncSync(file)
    return performance.now() - startedAt
  })
  closeSync(file)
  rmSync(path)
  return latencyOf(times)
}

/** Bytes that the files of a folder take on the disk. */
export function bytesOf(folder: string): number {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  return names.reduce((sum, name) => {
    const { blocks } = statSync(join(folder, name))
    return sum + blocks * 512
  }, 0)
}
