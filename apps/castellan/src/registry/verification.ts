import { fault } from '../kernel/index.ts'
import { exposedName } from './names.ts'
import type { Server, ToolSettings, Verification } from './server.ts'

/**
 * How calls of a tool are verified, and the name under which the tool that is asked is exposed; null when nobody has said it.
 * `exposed` is the name of the tool at an endpoint of many servers.
 */
export function verificationOf(
  servers: readonly Pick<Server, 'name' | 'tools'>[],
  exposed: string,
): { readonly how: Verification; readonly asks: string } | null {
  for (const { name, tools } of servers)
    for (const [tool, { verify: how }] of Object.entries(tools))
      if (how && exposedName(name, 'tool', tool) === exposed) return { how, asks: exposedName(name, 'tool', how.tool) }
  return null
}

/**
 * Checks what is said of how tools are verified. `problemIn` says what is wrong with an expression; null when nothing is.
 * Throws `REQUEST_INVALID`, which names the place.
 */
export async function checkVerifications(
  tools: Readonly<Record<string, ToolSettings>>,
  problemIn: (expression: string) => Promise<string | null>,
): Promise<void> {
  for (const [name, { verify }] of Object.entries(tools)) {
    if (!verify) continue
    const at = `tools.${name}.verify`
    const asked = verify.tool
    if (tools[asked]?.effect !== 'read')
      throw invalid(`${at}.tool`, `"${asked}" is asked without a person, so say that it only reads: "effect": "read"`)
    for (const [place, expression] of expressionsIn(verify, at)) {
      if (!expression.startsWith('=')) throw invalid(place, 'is an expression, and begins with "="')
      const problem = await problemIn(expression.slice(1))
      if (problem !== null) throw invalid(place, `is no expression: ${problem}`)
    }
  }
}

function expressionsIn({ args, happened, result }: Verification, at: string): readonly [place: string, text: string][] {
  return [
    ...textsIn(args, `${at}.args`).filter(([, text]) => text.startsWith('=')),
    [`${at}.happened`, happened],
    ...(result === null ? [] : [[`${at}.result`, result] as [string, string]]),
  ]
}

function textsIn(value: unknown, at: string): readonly [place: string, text: string][] {
  if (typeof value === 'string') return [[at, value]]
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, inner]) => textsIn(inner, `${at}.${key}`))
}

function invalid(at: string, what: string) {
  return fault('REQUEST_INVALID', { why: `${at}: ${what}` })
}
