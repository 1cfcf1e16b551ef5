import type { PolicyInput } from '../../gate/index.ts'

/** Most bytes of one question: more than the largest call there is by default. */
const LONGEST = 8 * 1_048_576

/**
 * The `input` document of a policy, in the names of our wire. Arguments are in it as they are: to Rego all of it is data, and
 * nothing in it can pass for anything else.
 */
export function questionOf(input: PolicyInput): { readonly text: string } | { readonly refused: string } {
  const { tenant, principal, method, capability, args, labels, found, via, dryRun } = input
  const { openWorld, ...named } = capability
  let text: string
  try {
    text = JSON.stringify({
      tenant,
      principal,
      method,
      capability: { ...named, open_world: openWorld },
      args,
      labels,
      found,
      via,
      dry_run: dryRun,
    })
  } catch {
    return { refused: 'the arguments are nested too deeply' }
  }
  if (Buffer.byteLength(text) > LONGEST) return { refused: `the question is longer than ${LONGEST} bytes` }
  // OPA would read every half of a character as the same replacement, so that different texts were equal.
  if (holdsHalves(text)) return { refused: 'a text is not valid Unicode' }
  return { text }
}

/** Whether JSON text holds a lone surrogate, which is always written as an escape. */
function holdsHalves(text: string): boolean {
  if (!text.includes('\\ud')) return false
  // Escapes are taken one after the other, so that an escaped backslash before "ud800" is none.
  for (const [, escaped] of text.matchAll(/\\(u[0-9a-f]{4}|[^u])/g)) if (escaped!.startsWith('ud')) return true
  return false
}
