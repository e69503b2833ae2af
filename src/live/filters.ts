/** What a reader of `/live` wants to be told: kinds, and a visitor, a person or a state. */
import { z } from 'zod'
import { refusal } from './refusal.ts'

export const KINDS = ['identity', 'visit', 'event'] as const
export type LiveKind = (typeof KINDS)[number]

export interface Filters {
  readonly kinds: readonly LiveKind[]
  readonly globalVisitID: string | null
  /** As it is kept: composed, without spaces around it (E8). */
  readonly identityId: string | null
  /** Of identity changes only those that lead to this state, spelled as users see it. */
  readonly state: string | null
}

const KIND_LIST = z
  .string()
  .transform((text) => text.split(','))
  .pipe(z.array(z.enum(KINDS, 'must be of identity, visit, event, separated by commas')))

const FILTERS = z.strictObject({
  kind: KIND_LIST.default(['identity', 'visit']),
  globalVisitID: z
    .string()
    .regex(/^[A-Za-z0-9_-]{1,64}$/, 'must be 1 to 64 of A-Z a-z 0-9 _ -')
    .nullable()
    .default(null),
  identityId: z
    .string()
    .transform((text) => text.normalize('NFC').trim())
    .pipe(z.string().min(1, 'must not be empty').max(256, 'is too long'))
    .nullable()
    .default(null),
  state: z
    .enum(
      ['Anonymous', 'Authenticated', 'Recognized', 'WM-Recognized'],
      'must be Anonymous, Authenticated, Recognized or WM-Recognized',
    )
    .nullable()
    .default(null),
})

/** The filters that were asked for, or the 400 that names what is wrong. `allEvents`: also those of everybody. */
export function readFilters(
  asked: unknown,
  { allEvents }: { readonly allEvents: boolean },
): Filters | Response {
  const result = FILTERS.safeParse(asked)
  if (!result.success) return refuse(result.error)
  const { kind: kinds, ...rest } = result.data
  const names = rest.globalVisitID !== null || rest.identityId !== null
  if (kinds.includes('event') && !names && !allEvents) {
    return refusal(400, 'kind=event needs globalVisitID or identityId', { parameter: 'kind' })
  }
  return { kinds, ...rest }
}

function refuse({ issues: [issue] }: z.ZodError): Response {
  if (issue?.code === 'unrecognized_keys') {
    const [unknown = ''] = issue.keys
    const takes = Object.keys(FILTERS.shape).join(', ')
    return refusal(400, `there is no such parameter here; it takes ${takes}`, { parameter: unknown })
  }
  const parameter = String(issue?.path[0] ?? '')
  return refusal(400, `${parameter} ${issue?.message ?? 'is not right'}`.trim(), { parameter })
}
