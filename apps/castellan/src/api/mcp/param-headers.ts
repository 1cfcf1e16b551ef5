import type { IncomingHttpHeaders } from 'node:http'
import { isJsonObject } from '../../kernel/index.ts'
import { headerMarks, markedValue } from '../../registry/index.ts'
import type { Core } from '../core.ts'
import type { Caller } from './caller.ts'
import { decodeHeader, disagree, headerOf } from './era.ts'
import type { Request, RpcError } from './wire/rpc.ts'

/**
 * What is wrong with the headers that repeat arguments of a tool call; null when they say what the body says. An argument
 * that is absent or null needs no header. Source: MCP 2026-07-28, streamable HTTP, custom headers (SEP-2243).
 */
export function paramHeaderProblem(
  core: Core,
  { identity, view }: Caller,
  { params }: Request,
  headers: IncomingHttpHeaders,
): RpcError | null {
  const offer = core.registry.offers(identity, view).find('tool', params.name as string)
  // What may not be used is refused for that, whatever its definition says.
  const definition = offer?.withheld === undefined ? offer?.definition : undefined
  const args = isJsonObject(params.arguments) ? params.arguments : {}
  for (const mark of (definition && headerMarks(definition)) ?? []) {
    const value = markedValue(mark, args)
    if (value === null) continue
    const name = `Mcp-Param-${mark.header}`
    const said = headerOf(headers, name.toLowerCase())
    if (said === undefined) return disagree(null, `the header ${name} is missing`)
    const decoded = decodeHeader(said)
    if (decoded === null) return disagree(said, `the header ${name} is not valid base64`)
    if (decoded !== value && !sameNumber(decoded, value))
      return disagree(said, `the body carries another value for ${name}`)
  }
  return null
}

function sameNumber(a: string, b: string): boolean {
  const decimal = /^-?\d+(\.\d+)?$/
  return decimal.test(a) && decimal.test(b) && Number(a) === Number(b)
}
