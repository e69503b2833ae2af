/** A small disk of a test's own, where this user may mount one. */
import { spawnSync } from 'node:child_process'
import * as assert from 'uvu/assert'

/** Mounts a disk in memory with these options (`size=4m`); false where this user may not. */
export function mountDisk(path: string, ...options: readonly string[]): boolean {
  return spawnSync('mount', ['-t', 'tmpfs', '-o', options.join(','), 'tmpfs', path]).status === 0
}

export function unmountDisk(path: string): void {
  assert.is(spawnSync('umount', ['-l', path]).status, 0)
}
