/** The disk: how long one flush takes, and how much a folder takes. */
import { closeSync, fdatasyncSync, openSync, readdirSync, rmSync, statSync, writeSync } from 'node:fs'
import { join } from 'node:path'

/** Ms of a 4 kB write with its fdatasync, median and 99th of 100. */
export function measureFlush(folder: string): { readonly p50Ms: number; readonly p99Ms: number } {
  const path = join(folder, 'flush')
  const file = openSync(path, 'w')
  const block = Buffer.alloc(4_096, 1)
  const times = Array.from({ length: 101 }, (_, index) => {
    const startedAt = performance.now()
    writeSync(file, block, 0, block.length, (index % 16) * block.length)
    fdatasyncSync(file)
    return performance.now() - startedAt
  }).sort((a, b) => a - b)
  closeSync(file)
  rmSync(path)
  return { p50Ms: times[50] ?? 0, p99Ms: times[99] ?? 0 }
}

/** Bytes that the files of a folder take on the disk. */
export function bytesOf(folder: string): number {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  return names.reduce((sum, name) => {
    const { blocks } = statSync(join(folder, name))
    return sum + blocks * 512
  }, 0)
}
