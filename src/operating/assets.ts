/** `/tracker.js` and the demo's files, as the build left them. */
import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { serveStatic } from '@hono/node-server/serve-static'
import { Hono } from 'hono'

/** How long a page may use the tracker it has, in seconds; a new version is there for all within this time. */
const TRACKER_AGE_S = 300

/** The folder that the build wrote: beside the sources when run from them, else around the built ones. */
function builtFolder(): string {
  const folders = ['../../dist/', '../../'].map((path) => fileURLToPath(new URL(path, import.meta.url)))
  const built = folders.find((folder) => existsSync(`${folder}tracker.js`))
  if (built === undefined)
    throw new Error(`no tracker.js in ${folders.join(' or ')}: run "npm run build" first`)
  return built
}

/** The routes of what browsers load. Throws where the build has not been run. */
export function createAssets({ demo }: { readonly demo: boolean }): Hono {
  const folder = builtFolder()
  const assets = new Hono()
  for (const name of ['tracker.js', 'tracker.mjs', 'tracker-dsl.js', 'tracker-http.js']) {
    const script = readFileSync(`${folder}${name}`, 'utf8')
    assets.get(`/${name}`, (context) =>
      context.body(script, 200, {
        'content-type': 'text/javascript; charset=utf-8',
        'cache-control': `public, max-age=${TRACKER_AGE_S}`,
        'cross-origin-resource-policy': 'cross-origin',
        'access-control-allow-origin': '*',
      }),
    )
  }
  if (demo) {
    assets.get('/', (context) => context.redirect('/demo/'))
    assets.get('/demo', (context) => context.redirect('/demo/'))
    assets.get('/demo/*', serveStatic({ root: folder }))
  }
  return assets
}
