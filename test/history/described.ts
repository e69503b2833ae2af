/** The OpenAPI document, read by those who hold answers against it. */
import { z } from 'zod'

export interface Media {
  readonly schema: object
  readonly example?: unknown
}
export interface Operation {
  readonly requestBody?: { readonly content: Readonly<Record<string, Media>> }
  readonly responses: Readonly<Record<string, { readonly content?: Readonly<Record<string, Media>> }>>
}
export interface Described {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
  readonly components: { readonly schemas: Readonly<Record<string, Media>> }
}

/** A check of a schema of the document, references and all. */
export function checkOf({ components }: Described, schema: object): z.ZodType {
  const whole = JSON.stringify({ ...schema, $defs: components.schemas })
  return z.fromJSONSchema(JSON.parse(whole.replaceAll('#/components/schemas/', '#/$defs/')))
}
