import { isSpecType } from '@modelcontextprotocol/server'
import { isJsonObject, type JsonObject } from '../../kernel/index.ts'
import type { Offer, Primitive } from '../../registry/index.ts'
import { code, RpcError } from './wire/rpc.ts'

const PAGE = 1_000

/**
 * One page of definitions, in the stable order of their exposed names. The cursor is the last name of the page before, so
 * a list that changes meanwhile neither repeats nor skips what stayed. A definition no client can read is left out: clients
 * check a list as a whole, so one such definition of one server would cost them the tools of all others.
 */
export function page(
  offers: readonly Offer[],
  cursor: string | undefined,
  legacy: boolean,
): { readonly definitions: readonly JsonObject[]; readonly next: { nextCursor?: string } } {
  const after = cursor === undefined ? null : decode(cursor)
  const start = after === null ? 0 : firstAfter(offers, after)
  const slice = offers.slice(start, start + PAGE)
  const more = start + PAGE < offers.length
  return {
    definitions: slice.map(offer => readable(offer, legacy)).filter(definition => definition !== null),
    next: more ? { nextCursor: Buffer.from(slice.at(-1)!.exposed, 'utf8').toString('base64url') } : {},
  }
}

interface Readable {
  readonly modern: JsonObject | null
  readonly legacy: JsonObject | null
}

// Definitions live as long as the registry's view of them, and are asked for with every list.
const known = new WeakMap<JsonObject, Readable>()

function readable({ as, definition }: Offer, legacy: boolean): JsonObject | null {
  let found = known.get(definition)
  if (!found) {
    const modern = asClientsReadIt(as, definition)
    found = { modern, legacy: modern && withoutNewOutput(modern) }
    known.set(definition, found)
  }
  return legacy ? found.legacy : found.modern
}

function asClientsReadIt(as: Primitive, definition: JsonObject): JsonObject | null {
  switch (as) {
    case 'tool': {
      const { inputSchema } = definition
      // Arguments are an object whether a schema says so or not, and clients insist that it does.
      const lacksType = isJsonObject(inputSchema) && inputSchema.type === undefined
      const typed: JsonObject = lacksType
        ? { ...definition, inputSchema: { type: 'object', ...inputSchema } }
        : definition
      return fits(isSpecType.Tool, typed)
    }
    case 'resource':
      return fits(isSpecType.Resource, definition)
    case 'template':
      return fits(isSpecType.ResourceTemplate, definition)
    case 'prompt':
      return fits(isSpecType.Prompt, definition)
    default:
      throw as satisfies never
  }
}

function fits(type: (value: unknown) => boolean, definition: JsonObject): JsonObject | null {
  return type(definition) ? definition : null
}

/** Up to 2025-11-25 structured output is an object; a client that checks this would not take the list. */
function withoutNewOutput(definition: JsonObject): JsonObject {
  const { outputSchema, ...rest } = definition
  return outputSchema === undefined || (isJsonObject(outputSchema) && outputSchema.type === 'object')
    ? definition
    : rest
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
  if (!/^[A-Za-z0-9_-]{1,4096}$/.test(cursor)) throw new RpcError(code.invalidParams, 'Invalid cursor')
  return Buffer.from(cursor, 'base64url').toString('utf8')
}
