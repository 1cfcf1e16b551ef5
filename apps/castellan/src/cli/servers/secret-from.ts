import type { Variables } from '../../config/index.ts'
import { fault } from '../../kernel/index.ts'

/** A secret as the control plane takes it: in the clear, to be sealed at once, or where it finds it. */
export type SecretGiven =
  string | { readonly env: string } | { readonly file: string } | { readonly vault: string; readonly field: string }

const REFERENCE = /^\$\{(?:env:([A-Za-z_][A-Za-z0-9_]*)|file:([^{}#]+)|vault:([^{}#]+)#([^{}#]+))\}$/

/** `${env:NAME}`, `${file:path}` and `${vault:path#field}` as references; any other text as it is. */
export function secretOf(text: string): SecretGiven {
  const [, env, file, vault, field] = REFERENCE.exec(text) ?? []
  if (env !== undefined) return { env }
  if (file !== undefined) return { file }
  return vault === undefined || field === undefined ? text : { vault, field }
}

/**
 * `NAME=value`, or `NAME` alone for the value the variable has here, so that it shows in no list of processes.
 * Throws `REQUEST_INVALID`, never with the value.
 */
export function secretFrom(flag: string, given: string, variables: Variables): [name: string, value: SecretGiven] {
  const at = given.indexOf('=')
  if (at > 0) return [given.slice(0, at), secretOf(given.slice(at + 1))]
  const value = at === 0 ? undefined : variables[given]
  // What was given may be the secret itself, with its name forgotten, so it is not repeated.
  if (value === undefined) {
    throw fault('REQUEST_INVALID', {
      why: `${flag} must be written like NAME=value, or NAME alone for a variable that is set here`,
    })
  }
  return [given, value]
}

/**
 * The value of a variable that is set here, so that it shows in no list of processes; or a reference to one of the control
 * plane. Throws `REQUEST_INVALID`.
 */
export function secretHere(flag: string, given: string, variables: Variables): SecretGiven {
  const reference = secretOf(given)
  if (typeof reference !== 'string') return reference
  const value = variables[given]
  // What was given may be the secret itself, so it is not repeated.
  if (value === undefined) {
    throw fault('REQUEST_INVALID', {
      why: `${flag} must be the name of a variable that is set here, or like \${env:NAME}`,
    })
  }
  return value
}
