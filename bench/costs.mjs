/** Loaded into a server's process before it (`--import`): tells the parent what the process costs, when asked. */
import { readFileSync } from 'node:fs'

process.on('message', () => {
  const { user, system } = process.cpuUsage()
  globalThis.gc()
  const { heapUsed, external, arrayBuffers } = process.memoryUsage()
  const [, anonymousKb] = /RssAnon:\s+(\d+) kB/.exec(readFileSync('/proc/self/status', 'utf8'))
  process.send({
    cpuMs: (user + system) / 1_000,
    heapBytes: heapUsed + external + arrayBuffers,
    anonymousBytes: Number(anonymousKb) * 1_024,
  })
})
// A bench that ends, however it ends, leaves no server behind.
process.on('disconnect', () => process.kill(process.pid, 'SIGTERM'))
// It answers while there is something else to do, and keeps nothing alive.
process.channel.unref()
