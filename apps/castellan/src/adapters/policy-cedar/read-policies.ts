import type { DetailedError, PolicyJson } from '@cedar-policy/cedar-wasm/nodejs'
import type { PolicyProblem } from '../../gate/index.ts'
import type { CedarInstance, CedarModule } from './cedar-instance.ts'
import { cedarSchema } from './cedar-schema.ts'
import { policyReads, type PolicyReads, together } from './policy-reads.ts'
import type { ValidTexts } from './valid-texts.ts'

/** Characters of all files together: text is parsed and type-checked while everything else waits. */
const MAX_TEXT = 512 * 1024

/** The annotation of a permit that counts only when a person agrees; its value is for that person. */
const APPROVAL = 'require_approval'
const LONGEST_WHY = 500

/** What some policy files say. */
export interface ReadPolicies {
  /** `file.cedar#id` to the text of one policy, in the order of the files. */
  readonly policies: ReadonlyMap<string, string>
  /** What they look at together. */
  readonly reads: PolicyReads
  /** Those that want a person to agree, and what they say about it; by the same names. */
  readonly approvals: ReadonlyMap<string, string>
  /** By file and line; empty when all is well. */
  readonly problems: readonly PolicyProblem[]
}

/** Takes policy files apart and finds everything wrong with them. Never throws for what is in them. */
export function readPolicies(
  cedar: CedarInstance,
  valid: ValidTexts,
  files: Readonly<Record<string, string>>,
): ReadPolicies {
  const names = Object.keys(files).sort()
  if (names.reduce((sum, name) => sum + files[name]!.length, 0) > MAX_TEXT) {
    const problem = {
      file: names[0]!,
      line: null,
      message: `the policies are longer than ${MAX_TEXT} characters together`,
    }
    return { policies: new Map(), reads: together([]), approvals: new Map(), problems: [problem] }
  }
  const read = names.map(name => readFile(cedar, valid, name, files[name]!))
  return {
    policies: new Map(read.flatMap(file => [...file.policies])),
    reads: together(read.map(file => file.reads)),
    approvals: new Map(read.flatMap(file => [...file.approvals])),
    problems: read.flatMap(file => file.problems.toSorted((one, other) => (one.line ?? 0) - (other.line ?? 0))),
  }
}

function readFile(cedar: CedarInstance, valid: ValidTexts, file: string, text: string): ReadPolicies {
  const policies = new Map<string, string>()
  const problems: PolicyProblem[] = []
  const problem = (line: number | null, message: string) => problems.push({ file, line, message })
  const reads: PolicyReads[] = []
  const approvals = new Map<string, string>()
  if (!file.endsWith('.cedar')) problem(null, 'only files named *.cedar hold policies')
  else if (!text.isWellFormed() || !file.isWellFormed()) problem(null, 'the text is not valid Unicode')
  else {
    try {
      cedar.ask(module => {
        const parts = module.policySetTextToParts(text)
        if (parts.type === 'failure') return report(parts.errors)
        for (const template of parts.policy_templates) {
          problem(
            lineAt(text, text.indexOf(template)),
            'a template (?principal, ?resource) cannot be used here; write the policy out',
          )
        }
        if (problems.length > 0) return
        for (const policy of locate(text, inTextOrder(parts.policies))) {
          const json = parsed(module, policy.text)
          const id = json.annotations?.['id'] ?? String(policies.size + 1)
          reads.push(policyReads(json))
          const key = `${file}#${id}`
          if (policies.has(key))
            problem(
              policy.line,
              `the id "${id}" is used twice in this file; reasons could not tell which policy decided`,
            )
          policies.set(key, policy.text)
          const why = json.annotations?.[APPROVAL]
          if (why === undefined) continue
          if (json.effect !== 'permit')
            problem(policy.line, `@${APPROVAL} stands before a permit: what is forbidden nobody can approve`)
          if ((why ?? '').length > LONGEST_WHY)
            problem(policy.line, `the text of @${APPROVAL} is longer than ${LONGEST_WHY} characters`)
          approvals.set(key, why ?? '')
        }
        if (valid.has(text)) return
        const validated = module.validate({
          schema: cedarSchema,
          policies: { staticPolicies: text },
          validationSettings: { mode: 'strict' },
        })
        report(validated.type === 'failure' ? validated.errors : validated.validationErrors.map(({ error }) => error))
        if (problems.length === 0) valid.add(text)
      })
    } catch {
      // What leaves the module as an exception is exhausted stack: nothing else a text can do makes it throw.
      problem(
        null,
        'an expression is nested too deeply or is too long for the policy engine; split it into several policies',
      )
    }
  }
  return { policies, reads: together(reads), approvals, problems }

  function report(errors: readonly DetailedError[]): void {
    for (const error of errors) {
      const start = error.sourceLocations?.[0]?.start
      const message = error.message.replace(/^(?:failed to parse policies from string: |for policy `policy\d+`, )/, '')
      const help = error.help?.replace(/^for policy `policy\d+`, /, '')
      problem(start === undefined ? null : lineAtByte(text, start), help ? `${message}; ${help}` : message)
      report(error.related ?? [])
    }
  }
}

/** Cedar names the policies of a text policy0, policy1 … policy10, and lists them sorted by these names as text. */
function inTextOrder(parts: readonly string[]): string[] {
  const ranks = parts.map((_, index) => index).sort((one, other) => (`policy${one}` < `policy${other}` ? -1 : 1))
  const ordered: string[] = []
  for (const [position, rank] of ranks.entries()) ordered[rank] = parts[position]!
  return ordered
}

function locate(text: string, policies: readonly string[]): { text: string; line: number }[] {
  let from = 0
  return policies.map(policy => {
    const start = Math.max(text.indexOf(policy, from), from)
    from = start + policy.length
    return { text: policy, line: lineAt(text, start) }
  })
}

function parsed(module: CedarModule, policy: string): PolicyJson {
  const answer = module.policyToJson(policy)
  if (answer.type === 'failure')
    throw new Error(`Cedar reads a policy once and not twice: ${answer.errors[0]?.message}`)
  return answer.json
}

function lineAt(text: string, index: number): number {
  return text.slice(0, index).split('\n').length
}

/** Cedar counts bytes of UTF-8. */
function lineAtByte(text: string, byte: number): number {
  return Buffer.from(text).subarray(0, byte).toString().split('\n').length
}
