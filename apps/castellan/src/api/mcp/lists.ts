import { ProtocolError } from '@modelcontextprotocol/server'
import type { JsonObject } from '../../kernel/index.ts'
import type { Offer } from '../../registry/index.ts'

const PAGE = 1_000

/**
 * One page of definitions, in the stable order of their exposed names. The cursor is the last name of the page before, so
 * a list that changes meanwhile neither repeats nor skips what stayed.
 */
export function page(
  offers: readonly Offer[],
  cursor: string | undefined,
): { readonly definitions: readonly JsonObject[]; readonly next: { nextCursor?: string } } {
  const after = cursor === undefined ? null : decode(cursor)
  const start = after === null ? 0 : firstAfter(offers, after)
  const slice = offers.slice(start, start + PAGE)
  const more = start + PAGE < offers.length
  return {
    definitions: slice.map(offer => offer.definition),
    next: more ? { nextCursor: Buffer.from(slice.at(-1)!.exposed, 'utf8').toString('base64url') } : {},
  }
}

function firstAfter(offers: readonly Offer[], name: string): number {
  let low = 0
  let high = offers.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (offers[middle]!.exposed <= name) low = middle + 1
    else high = middle
  }
  return low
}

function decode(cursor: string): string {
  if (!/^[A-Za-z0-9_-]{1,4096}$/.test(cursor)) throw new ProtocolError(-32602, 'Invalid cursor')
  return Buffer.from(cursor, 'base64url').toString('utf8')
}
