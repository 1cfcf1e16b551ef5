import { digestBytes } from '../../kernel/index.ts'

const LONGEST = 64

/**
 * The name of each operation as a tool: its operationId, or method and path, of letters, digits, `_` and `-`, at most 64
 * long. Where two operations would share a name, every one of them gets a suffix made from its method and path: names do
 * not depend on the order of a document, so a grant never comes to mean another operation.
 */
export function toolNames(
  operations: readonly { readonly id: string | null; readonly method: string; readonly path: string }[],
): string[] {
  const plain = operations.map(
    ({ id, method, path }) => sanitized(id ?? '') || sanitized(`${method.toLowerCase()}${path}`),
  )
  const uses = new Map<string, number>()
  for (const name of plain) uses.set(shortened(name), (uses.get(shortened(name)) ?? 0) + 1)
  return operations.map(({ method, path }, index) => {
    const name = plain[index]!
    if (name.length <= LONGEST && uses.get(name) === 1) return name
    const suffix = digestBytes(`${method} ${path}`).slice('sha256:'.length, 'sha256:'.length + 8)
    return `${name.slice(0, LONGEST - suffix.length - 1)}_${suffix}`
  })
}

function shortened(name: string): string {
  return name.length <= LONGEST ? name : `${name.slice(0, LONGEST)}…`
}

function sanitized(text: string): string {
  return text.replace(/[^A-Za-z0-9_-]+/g, '_').replace(/^_+|_+$/g, '')
}
