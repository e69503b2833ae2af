/** The row that gives a person what is kept of them (Q12). */
import { z } from '@hono/zod-openapi'
import { lines } from './lines.ts'
import { identityNamed } from './named.ts'
import { personLines } from './person-lines.ts'
import { notFound } from './problem.ts'
import type { Route } from './route.ts'

export const PersonLineSchema = z
  .looseObject({ kind: z.enum(['person', 'visit', 'session', 'page', 'entry', 'contact']) })
  .openapi('PersonLine', { description: 'one line: an object with its kind, and the fields of that' })

const person = lines({
  path: '/identities/{identityId}/export',
  scope: 'history:read',
  summary: 'All that is kept of a person, as lines of JSON: what they may ask for',
  params: z.object({ identityId: z.string() }),
  line: PersonLineSchema,
  read: (reading, { identityId }) => {
    const row = reading.store.identity(identityNamed(reading, identityId).identity)
    if (row === null) throw notFound('identity')
    return personLines(reading.store, row)
  },
})

export const EXPORT_ROUTES: readonly Route[] = [person]
