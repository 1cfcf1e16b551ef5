import { fault, isJsonObject, type JsonObject } from '../kernel/index.ts'
import type { Metric } from '../guardrails/index.ts'
import type { PrincipalKind, Role } from '../identity/index.ts'
import type { EffectClass } from '../registry/index.ts'
import type { CallContext, CallMethod } from './call.ts'
import type { Decision, PolicyEngine, PolicyInput } from './policy-engine.ts'

/** One row of a table: a call, and what the policies must say to it. */
export interface PolicyCase {
  readonly name: string
  readonly input: Omit<PolicyInput, 'tenant'>
  readonly expect: 'allow' | 'deny'
  /** Id of a policy that must be among those that decide, with or without its file; null asks for none. */
  readonly because: string | null
}

export interface PolicyCaseResult {
  readonly name: string
  readonly passed: boolean
  readonly decision: Decision
  /** What was expected and what came instead; null when passed. */
  readonly why: string | null
}

/**
 * Reads a table of policy tests from its parsed YAML or JSON: a list of
 *
 *     - name: an operator may write
 *       principal: { roles: [operator] }              # also id, kind, name
 *       call: { server: files, name: write_file, effect: unsafe, args: { path: /tmp/a } }
 *                                                     # also method, openWorld, trusted, labels, found, via, dryRun
 *       expect: allow
 *       because: operators-act                        # optional
 *
 * What is left out is the most ordinary: a user without roles, `tools/call` over MCP, no arguments, not a dry run, a server
 * that is not trusted, and a tool that may reach beyond its server. The effect is never left out.
 * Throws `POLICY_INVALID` naming the file, the case and the field.
 */
export function parsePolicyTable(file: string, table: unknown): PolicyCase[] {
  if (!Array.isArray(table)) throw fault('POLICY_INVALID', { why: `${file}: a table is a list of cases` })
  if (table.length === 0) throw fault('POLICY_INVALID', { why: `${file}: it has no cases, and so it tests nothing` })
  const names = new Set<string>()
  return table.map((row: unknown, index) => {
    const policyCase = parseCase(new Fields(`${file}: case ${index + 1}`, row))
    if (names.has(policyCase.name)) {
      throw fault('POLICY_INVALID', { why: `${file}: case ${index + 1}: the name "${policyCase.name}" is used twice` })
    }
    names.add(policyCase.name)
    return policyCase
  })
}

/** Asks the engine, which holds the policies under test for this tenant, case by case. */
export async function runPolicyTable(
  engine: Pick<PolicyEngine, 'decide'>,
  tenant: string,
  cases: readonly PolicyCase[],
  signal: AbortSignal,
): Promise<PolicyCaseResult[]> {
  const results: PolicyCaseResult[] = []
  for (const { name, input, expect, because } of cases) {
    const decision = await engine.decide({ ...input, tenant }, signal)
    const why = mismatch(decision, expect, because)
    results.push({ name, passed: why === null, decision, why })
  }
  return results
}

function mismatch({ allow, reasons }: Decision, expect: 'allow' | 'deny', because: string | null): string | null {
  const by = reasons.length > 0 ? ` (${reasons.join(', ')})` : ' (no policy matched)'
  if (allow !== (expect === 'allow')) return `expected ${expect}, got ${allow ? 'allow' : 'deny'}${by}`
  if (because === null || reasons.some(reason => reason === because || reason.endsWith(`#${because}`))) return null
  return `expected ${expect} because of ${because}, got it from others${by}`
}

const methods = Object.keys({
  'tools/call': true,
  'resources/read': true,
  'resources/subscribe': true,
  'prompts/get': true,
  'completion/complete': true,
  'tasks/get': true,
  'tasks/update': true,
  'tasks/cancel': true,
} satisfies Record<CallMethod, true>) as CallMethod[]
const effects: readonly EffectClass[] = ['read', 'idempotent', 'unsafe']
const kinds: readonly PrincipalKind[] = ['user', 'agent', 'service', 'site']
const roles: readonly Role[] = ['admin', 'auditor', 'operator', 'member']
const metrics = ['pii', 'secrets', 'injection', 'toxicity', 'exfiltration'] as const satisfies readonly Metric[]
const surfaces: readonly CallContext['via'][] = ['mcp', 'rest', 'cli', 'run']

function parseCase(row: Fields): PolicyCase {
  const name = row.text('name')
  row.at = `${row.at} ("${name}")`
  const principal = row.object('principal', {})
  const call = row.object('call')
  const parsed: PolicyCase = {
    name,
    input: {
      principal: {
        id: principal.text('id', 'someone'),
        kind: principal.oneOf('kind', kinds, 'user'),
        name: principal.text('name', 'someone'),
        roles: principal.someOf('roles', roles),
      },
      method: call.oneOf('method', methods, 'tools/call'),
      capability: {
        server: call.text('server'),
        name: call.text('name'),
        effect: call.oneOf('effect', effects),
        openWorld: call.flag('openWorld', true),
        trusted: call.flag('trusted', false),
      },
      args: call.json('args', {}),
      labels: call.texts('labels').toSorted(),
      found: call.someOf('found', metrics).toSorted(),
      via: call.oneOf('via', surfaces, 'mcp'),
      dryRun: call.flag('dryRun', false),
    },
    expect: row.oneOf('expect', ['allow', 'deny']),
    because: row.has('because') ? row.text('because') : null,
  }
  for (const fields of [row, principal, call]) fields.nothingElse()
  return parsed
}

/** Takes the fields of one object, and knows where it stands in the table. */
class Fields {
  at: string
  readonly #value: JsonObject
  readonly #known = new Set<string>()

  constructor(at: string, value: unknown) {
    this.at = at
    if (!isJsonObject(value)) throw this.#invalid('must be an object')
    this.#value = value
  }

  has(name: string): boolean {
    return Object.hasOwn(this.#value, name)
  }

  text(name: string, fallback?: string): string {
    const value = this.#take(name, fallback)
    if (typeof value !== 'string' || value === '') throw this.#invalid(`${name} must be text`)
    return value
  }

  flag(name: string, fallback: boolean): boolean {
    const value = this.#take(name, fallback)
    if (typeof value !== 'boolean') throw this.#invalid(`${name} must be true or false`)
    return value
  }

  oneOf<T extends string>(name: string, allowed: readonly T[], fallback?: T): T {
    const value = this.#take(name, fallback)
    const found = allowed.find(each => each === value)
    if (found === undefined) throw this.#invalid(`${name} must be one of ${allowed.join(', ')}`)
    return found
  }

  someOf<T extends string>(name: string, allowed: readonly T[]): T[] {
    const value = this.#take(name, [])
    if (!Array.isArray(value)) throw this.#invalid(`${name} must be a list of ${allowed.join(', ')}`)
    return value.map((item: unknown) => {
      const found = allowed.find(each => each === item)
      if (found === undefined) throw this.#invalid(`${name} may hold only ${allowed.join(', ')}`)
      return found
    })
  }

  texts(name: string): string[] {
    const value = this.#take(name, [])
    if (!Array.isArray(value) || !value.every(item => typeof item === 'string'))
      throw this.#invalid(`${name} must be a list of texts`)
    return value
  }

  json(name: string, fallback: JsonObject): JsonObject {
    const value = this.#take(name, fallback)
    if (!isJsonObject(value)) throw this.#invalid(`${name} must be an object`)
    return value
  }

  object(name: string, fallback?: JsonObject): Fields {
    return new Fields(`${this.at}: ${name}`, this.#take(name, fallback))
  }

  nothingElse(): void {
    const unknown = Object.keys(this.#value).find(name => !this.#known.has(name))
    if (unknown === undefined) return
    throw this.#invalid(`there is no field "${unknown}"; there are ${[...this.#known].join(', ')}`)
  }

  #take(name: string, fallback: unknown): unknown {
    this.#known.add(name)
    if (this.has(name)) return this.#value[name]
    if (fallback === undefined) throw this.#invalid(`${name} is missing`)
    return fallback
  }

  #invalid(why: string) {
    return fault('POLICY_INVALID', { why: `${this.at}: ${why}` })
  }
}
