/** Builds what a site loads: dist/tracker.js, dist/tracker.mjs with its types, and the demo's files. Fails over 6 kB. */
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'

const GZIP_BYTES_MAX = 6_000
/** What only the tracker's own parts say to each other: not on the wire, not kept, not the browser's, not the site's. */
const PRIVATE_NAMES = `
  addEarlier adopt afterMs askProof batch bytes config connect finish follow forgetProof guard
  hasConsent hasRefused hold introduce isOwed keeper keepPair keepVisit leave local log maxAgeSeconds
  next oldest onFlush onHello onIdentity onLost onMessage onState onStatus onUnauthorized onWithdrawn
  openVisit pageKey pair read readPair readVisit release restamp session setRefused settle shelf start
  stop take takeOver unsend waits who withdraw write`

const root = new URL('../../', import.meta.url)
const at = (path) => fileURLToPath(new URL(path, root))

mkdirSync(at('dist'), { recursive: true })

for (const [entry, file, format] of [
  ['script.ts', 'tracker.js', 'iife'],
  ['module.ts', 'tracker.mjs', 'esm'],
]) {
  await build({
    entryPoints: [at(`src/tracker/${entry}`)],
    outfile: at(`dist/${file}`),
    format,
    bundle: true,
    minify: true,
    mangleProps: new RegExp(`^(${PRIVATE_NAMES.trim().split(/\s+/).join('|')})$`),
    target: 'es2019',
    legalComments: 'none',
    logLevel: 'warning',
  })
  const bytes = gzipSync(readFileSync(at(`dist/${file}`)), { level: 9 }).length
  process.stdout.write(`dist/${file}: ${bytes} bytes gzipped, of ${GZIP_BYTES_MAX}\n`)
  if (bytes > GZIP_BYTES_MAX) {
    process.stderr.write(`dist/${file} is over ${GZIP_BYTES_MAX} bytes gzipped: make the tracker smaller\n`)
    process.exitCode = 1
  }
}

// The public types are a file of types only, so they are their own declarations.
const types = readFileSync(at('src/tracker/interface.ts'), 'utf8')
writeFileSync(at('dist/tracker.d.mts'), `${types}\nexport declare const gt: CommandQueue\n`)

cpSync(at('src/tracker/demo'), at('dist/demo'), { recursive: true })
