import { readFileSync } from 'node:fs'

/** The policies a tenant begins with; see `policies/` for what they say and their tests. */
export function starterPolicies(): Readonly<Record<string, string>> {
  return { 'starter.cedar': readFileSync(new URL('../../policies/starter.cedar', import.meta.url), 'utf8') }
}
