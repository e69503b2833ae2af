/** The one table of routes. */
import { z } from '@hono/zod-openapi'
import { ERASURE_ROUTES } from './erasure-routes.ts'
import { EVENT_ACTIONS } from './event-actions.ts'
import { EXPLAIN_ROUTES } from './explain.ts'
import { EXPORT_ROUTES } from './export-routes.ts'
import { IDENTITY_ROUTES } from './identity-routes.ts'
import { NOTIFY_ROUTES } from './notifications.ts'
import { type Beside, describeApi } from './openapi.ts'
import { PEOPLE_ROUTES } from './people-routes.ts'
import { PERSON_ROUTES } from './person-routes.ts'
import { type Route, resource } from './route.ts'
import { SESSION_ROUTES } from './session-routes.ts'
import { SINGLE_ROUTES } from './single-routes.ts'
import { VISIT_LIST_ROUTES } from './visit-list.ts'
import { VISIT_ROUTES } from './visit-routes.ts'
import { VISITOR_ACTIONS } from './visitor-actions.ts'
import { VISITOR_ROUTES } from './visitor-routes.ts'

/** The row that describes all rows, itself too; the document is made when it is first asked for. */
function openApiRow(routes: () => readonly Route[]): Route {
  const documents = new Map<readonly Beside[], object>()
  return resource({
    at: 'root',
    path: '/openapi.json',
    scope: null,
    summary: 'All of this, as OpenAPI 3.1',
    params: z.object({}),
    answer: z.record(z.string(), z.unknown()),
    read: ({ beside }) => {
      const document = documents.get(beside) ?? describeApi(routes(), beside)
      documents.set(beside, document)
      return document
    },
  })
}

export const ROUTES: readonly Route[] = [
  ...VISIT_LIST_ROUTES,
  ...VISIT_ROUTES,
  ...PERSON_ROUTES,
  ...IDENTITY_ROUTES,
  ...EXPORT_ROUTES,
  ...SESSION_ROUTES,
  ...PEOPLE_ROUTES,
  ...SINGLE_ROUTES,
  ...VISITOR_ROUTES,
  ...EXPLAIN_ROUTES,
  ...EVENT_ACTIONS,
  ...VISITOR_ACTIONS,
  ...NOTIFY_ROUTES,
  ...ERASURE_ROUTES,
  openApiRow(() => ROUTES),
]

/** The table as the documentation shows it. */
export function describeRoutes(routes: readonly Route[] = ROUTES): string {
  const rows = routes.map(({ method, path, filters, relations, scope, isList, isLines, makes, begins }) => {
    const filterNames = Object.keys(filters.shape).map((name) => `\`${name}\``)
    const cells = [
      `${method} \`${path}\``,
      isLines === true
        ? 'lines'
        : isList
          ? 'list'
          : makes === true
            ? 'made'
            : begins === true
              ? 'begun'
              : 'one',
      filterNames.join(', '),
      relations.join(', '),
      scope ?? 'any key',
    ]
    return `| ${cells.join(' | ')} |`
  })
  return ['| route | answers | filters | include | scope |', '| --- | --- | --- | --- | --- |', ...rows].join(
    '\n',
  )
}
