import { fault } from '../kernel/index.ts'

const TENANT = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/
const NAME = /^[\p{L}\p{N}](?:[\p{L}\p{N} ._@+-]{0,62}[\p{L}\p{N}._@+-])?$/u

/** The tenant id as given. Throws `REQUEST_INVALID` unless it is a DNS label, so that it fits URLs and file names. */
export function tenantId(given: string): string {
  if (TENANT.test(given)) return given
  throw fault('REQUEST_INVALID', {
    why: `the tenant name ${quote(given)} is not allowed; use 1 to 63 lower-case letters, digits and inner dashes`,
  })
}

/** The name in Unicode NFC, so that equal looks are equal names. Throws `REQUEST_INVALID`. */
export function displayName(what: 'principal' | 'key', given: string): string {
  const name = given.normalize('NFC')
  if (NAME.test(name)) return name
  throw fault('REQUEST_INVALID', {
    why: `the ${what} name ${quote(given)} is not allowed; use 1 to 64 letters, digits, inner spaces and . _ @ + - after the first`,
  })
}

export function isTenantId(given: string): boolean {
  return TENANT.test(given)
}

export function isDisplayName(given: string): boolean {
  return NAME.test(given.normalize('NFC'))
}

/** The description as given. Throws `REQUEST_INVALID` when it is longer than 1,000 characters or not valid Unicode. */
export function description(given: string): string {
  if (given.length <= 1_000 && given.isWellFormed()) return given
  throw fault('REQUEST_INVALID', { why: 'a description has at most 1,000 characters of valid Unicode' })
}

function quote(given: string): string {
  return JSON.stringify(given.length > 80 ? `${given.slice(0, 80)}…` : given)
}
