import type { JsonObject } from '../../kernel/index.ts'
import { headerMarks, markedValue } from '../../registry/index.ts'

/**
 * The `Mcp-Param-*` headers that mirror arguments the tool's schema marks with `x-mcp-header`. Absent and null arguments
 * have no header; values that are not plain ASCII travel in base64.
 *
 * Source: MCP 2026-07-28, streamable HTTP, custom headers (SEP-2243).
 */
export function paramHeaders(definition: JsonObject, args: JsonObject): Record<string, string> {
  const headers: Record<string, string> = {}
  for (const mark of headerMarks(definition) ?? []) {
    const value = markedValue(mark, args)
    if (value !== null) headers[`Mcp-Param-${mark.header}`] = headerValue(value)
  }
  return headers
}

/** Text as the value of a header: as it is where that is possible, else in base64. */
export function headerValue(value: string): string {
  const plain = /^([\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?)?$/.test(value) && !/^=\?base64\?.*\?=$/.test(value)
  return plain ? value : `=?base64?${Buffer.from(value).toString('base64')}?=`
}
