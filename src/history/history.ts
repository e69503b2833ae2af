/** The History API as an app to be mounted: the table of routes under its base paths. */
import { Hono } from 'hono'
import { answer, type Desk, type HistoryEnv } from './answering.ts'
import { BASES, FRONT_BASE, type Route } from './route.ts'
import { ROUTES } from './routes.ts'

export function createHistory(desk: Desk): Hono<HistoryEnv> {
  const app = new Hono<HistoryEnv>()
  const mount = (base: string, routes: readonly Route[]): void => {
    for (const path of new Set(routes.map((route) => route.path))) {
      const rows = routes.filter((route) => route.path === path)
      app.all(base + path.replace(/\{(\w+)\}/g, ':$1'), (c) => answer(desk, { base, routes: rows }, c))
    }
  }
  const mountBelow = (base: string, routes: readonly Route[]): void => {
    mount(base, routes)
    app.all(base, (c) => answer(desk, { base, routes: [] }, c))
    app.all(`${base}/*`, (c) => answer(desk, { base, routes: [] }, c))
  }
  const rowsAt = (...places: readonly Route['at'][]) => ROUTES.filter(({ at }) => places.includes(at))
  mount('', rowsAt('root'))
  app.all('/erasures/*', (c) => answer(desk, { base: '', routes: [] }, c))
  for (const base of BASES) mountBelow(base, rowsAt('data', 'front'))
  mountBelow(FRONT_BASE, rowsAt('front'))
  return app
}
