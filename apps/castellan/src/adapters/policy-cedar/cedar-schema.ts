import { readFileSync } from 'node:fs'

/** The one schema of all policies, in Cedar's own notation; `authorization-call.ts` fills exactly its shapes. */
export const cedarSchema = readFileSync(new URL('../../../policies/schema.cedarschema', import.meta.url), 'utf8')
