/** What the tests need beside Node: `nats-server`, Chromium and more, from Debian's packages. */
import { spawnSync } from 'node:child_process'

/** Installs the packages that are missing, as root on a Debian; elsewhere says in one line what to install, and throws. */
export async function installPackages(packages: readonly string[]): Promise<void> {
  const missing = packages.filter((name) => spawnSync('which', [name]).status !== 0)
  if (missing.length === 0) return
  const isRoot = process.getuid?.() === 0
  const hasApt = spawnSync('which', ['apt-get']).status === 0
  if (!isRoot || !hasApt)
    throw new Error(`the tests need ${missing.join(' and ')}: install them and try again`)
  process.stdout.write(`installing ${missing.join(', ')}\n`)
  for (const args of [['update'], ['install', '-y', '--no-install-recommends', ...missing]]) {
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
    const { status, stderr } = spawnSync('apt-get', ['-qq', ...args], { env, encoding: 'utf8' })
    if (status !== 0) throw new Error(`apt-get ${args[0]} ended with ${status}: ${stderr}`)
  }
}
