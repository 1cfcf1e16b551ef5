import { digestBytes } from '../../kernel/index.ts'
import type { PolicyInput } from '../../gate/index.ts'
import type { PolicyReads } from './policy-reads.ts'
import type { ProjectedArguments } from './project-arguments.ts'

/** Equal for two questions exactly when the same set of policies is asked and all it looks at is the same. */
export function decisionKey(
  { number, reads }: { readonly number: number; readonly reads: PolicyReads },
  { principal, method, capability, labels, found, via, dryRun }: PolicyInput,
  args: ProjectedArguments | null,
): string {
  const key = JSON.stringify([
    number,
    method,
    via,
    dryRun,
    labels,
    found,
    principal.kind,
    principal.roles,
    capability.effect,
    capability.openWorld,
    capability.trusted,
    reads.who ? [principal.id, principal.name] : 0,
    reads.which ? [capability.server, capability.name] : 0,
    args && looked(args, reads),
  ])
  return key.length <= LONGEST ? key : digestBytes(key)
}

function looked(args: ProjectedArguments, reads: PolicyReads): unknown {
  if (reads.arguments === 'all') return args
  // Every leaf has one pointer and one type, so one value stands for all three.
  return Array.from(reads.arguments, at => args.text[at] ?? args.number[at] ?? args.flag[at] ?? null)
}

/** Characters. A longer key would make the memory of what is remembered depend on the size of arguments. */
const LONGEST = 512
