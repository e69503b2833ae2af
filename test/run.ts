/** `npm test`: installs what the tests need where it may, runs every group in a process of its own, counts. */
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { filesOf, GROUPS, type Group } from './groups.ts'
import { installPackages } from './helpers/install-packages.ts'

interface Count {
  readonly passed: number
  readonly failed: number
}

await installPackages(['nats-server', 'chromium', 'openssl', 'strace'])
const wanted = process.argv.slice(2)
const groups = wanted.length === 0 ? GROUPS : GROUPS.filter(({ name }) => wanted.includes(name))
let passed = 0
let failed = 0
for (const group of groups) {
  const count = await runGroup(group)
  passed += count.passed
  failed += count.failed
}
process.stdout.write(`${passed} passed, ${failed} failed\n`)
process.exitCode = failed > 0 || passed === 0 ? 1 : 0

async function runGroup(group: Group): Promise<Count> {
  const { name, limitMs } = group
  process.stdout.write(`\n== ${name}\n`)
  const uvu = fileURLToPath(new URL('../node_modules/uvu/bin.js', import.meta.url))
  const child = spawn(process.execPath, ['--import', 'tsx', uvu, 'test', filesOf(group)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let output = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    process.stdout.write(text)
    output += text
  })
  const timer = setTimeout(() => child.kill('SIGKILL'), limitMs)
  const exit = await new Promise<string>((resolve) => {
    child.once('close', (code, signal) => resolve(signal ?? String(code)))
  })
  clearTimeout(timer)
  const count = readCount(output)
  if (exit === '0') return count
  process.stdout.write(`\n${name} ended with ${exit}\n`)
  return { passed: count.passed, failed: Math.max(1, count.failed) }
}

/** uvu closes with its counts; a run that broke off has none, and passed nothing that can be told. */
function readCount(output: string): Count {
  const total = Number(/Total:\s+(\d+)/.exec(output)?.[1] ?? 0)
  const passed = Number(/Passed:\s+(\d+)/.exec(output)?.[1] ?? 0)
  const skipped = Number(/Skipped:\s+(\d+)/.exec(output)?.[1] ?? 0)
  return { passed, failed: total - passed + skipped }
}
