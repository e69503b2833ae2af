/** Builds what a site loads: the tracker with its parts and types, and the demo's files. Fails where one is too large. */
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'
import { minify } from 'terser'

const GZIP_BYTES_MAX = 6_000
/** Of what is loaded only where it is used. */
const PART_GZIP_BYTES_MAX = 3_000
/** What only the tracker's own parts say to each other: not on the wire, not kept, not the browser's, not the site's. */
const PRIVATE_NAMES = `
  addEarlier adopt askProof batch bytes clearAll config connect drop empty end event finish follow forget
  forgetProof giveUp guard hasConsent hasRefused hasRoom hello hold ids introduce isOwed keep keeper keepPair
  keepVisit keysOf leave loadHttp local log lossCount onFlush onHello onIdentity onLost onMessage onNotify onState
  onStatus onUnauthorized onWithdrawn openVisit pageKey pair put read readPair readVisit release renew restamp say
  session setRefused settle shelf start stateNow take takeOver unsend waiting waits who withdraw write`

const root = new URL('../../', import.meta.url)
const at = (path) => fileURLToPath(new URL(path, root))

mkdirSync(at('dist'), { recursive: true })

for (const [entry, file, format, bytesMax] of [
  ['script.ts', 'tracker.js', 'iife', GZIP_BYTES_MAX],
  ['module.ts', 'tracker.mjs', 'esm', GZIP_BYTES_MAX],
  ['dsl/file.ts', 'tracker-dsl.js', 'iife', PART_GZIP_BYTES_MAX],
  ['http-file.ts', 'tracker-http.js', 'iife', PART_GZIP_BYTES_MAX],
]) {
  const { outputFiles } = await build({
    entryPoints: [at(`src/tracker/${entry}`)],
    outfile: at(`dist/${file}`),
    format,
    bundle: true,
    minify: true,
    write: false,
    mangleProps: new RegExp(`^(${PRIVATE_NAMES.trim().split(/\s+/).join('|')})$`),
    target: 'es2019',
    // Where a page had broken the browser before the script came, there is no tracker, and no error either (T6).
    ...(format === 'iife' && { banner: { js: 'try{' }, footer: { js: '}catch{}' } }),
    legalComments: 'none',
    // Modules are strict anyway, and nothing here asks for it.
    tsconfigRaw: { compilerOptions: { alwaysStrict: false } },
    logLevel: 'warning',
  })
  // Names by how often they occur: some 250 bytes less, gzipped.
  const { code } = await minify(outputFiles[0].text, { ecma: 2019, module: format === 'esm' })
  writeFileSync(at(`dist/${file}`), code)
  const bytes = gzipSync(code, { level: 9 }).length
  process.stdout.write(`dist/${file}: ${bytes} bytes gzipped, of ${bytesMax}\n`)
  if (bytes > bytesMax) {
    process.stderr.write(`dist/${file} is over ${bytesMax} bytes gzipped: make it smaller\n`)
    process.exitCode = 1
  }
}

// The public types are a file of types only, so they are their own declarations.
const types = readFileSync(at('src/tracker/interface.ts'), 'utf8')
writeFileSync(at('dist/tracker.d.mts'), `${types}\nexport declare const gt: CommandQueue\n`)

cpSync(at('src/tracker/demo'), at('dist/demo'), { recursive: true })
