import { parseSync } from 'oxc-parser'

/** One place where a file reaches for another module or for the environment. */
export interface Reference {
  /** `star` is `export *`; `url` is `new URL('./x.ts', import.meta.url)`, which is how worker files are named. */
  readonly is: 'import' | 'star' | 'url' | 'computed' | 'env' | 'fetch'
  /** The specifier as written; empty where there is none. */
  readonly to: string
  /** Loaded when it is come to, by `import()`. */
  readonly late?: true
  readonly line: number
}

/**
 * Everything a file refers to, type-only references included, in order of appearance.
 * Throws when the text does not parse: a file nobody can read is not checked by guessing.
 */
export function references(file: string, text: string): Reference[] {
  const { program, errors } = parseSync(file, text)
  if (errors[0]) throw new Error(`${file} does not parse: ${errors[0].message}`)
  const found: Reference[] = []
  visit(program, node => {
    const reference = referenceOf(node)
    if (reference) found.push({ ...reference, line: lineOf(text, Number(node['start'])) })
  })
  return found
}

type Node = Record<string, unknown>

function visit(value: unknown, see: (node: Node) => void): void {
  if (Array.isArray(value)) {
    for (const item of value) visit(item, see)
  } else if (typeof value === 'object' && value !== null) {
    const node = value as Node
    if (typeof node['type'] === 'string') see(node)
    for (const child of Object.values(node)) visit(child, see)
  }
}

function referenceOf(node: Node): Omit<Reference, 'line'> | undefined {
  switch (node['type']) {
    case 'ImportDeclaration':
      return importsEnvironment(node) ? { is: 'env', to: '' } : toLiteral(node['source'])
    case 'ExportNamedDeclaration':
      return node['source'] ? toLiteral(node['source']) : undefined
    case 'ExportAllDeclaration':
      return { is: 'star', to: literal(node['source']) ?? '' }
    case 'ImportExpression':
      return { ...toLiteral(node['source']), late: true }
    case 'TSImportType':
      return toLiteral(node['source'])
    case 'TSExternalModuleReference':
      return toLiteral(node['expression'])
    case 'NewExpression':
      return named(node['callee'], 'URL') ? urlReference(node['arguments']) : undefined
    case 'CallExpression':
      return named(node['callee'], 'fetch') ? { is: 'fetch', to: '' } : undefined
    case 'MemberExpression':
      return readsEnvironment(node) ? { is: 'env', to: '' } : undefined
    case 'VariableDeclarator':
      return takesEnvironment(node) ? { is: 'env', to: '' } : undefined
    default:
      return undefined
  }
}

function toLiteral(source: unknown): Omit<Reference, 'line'> {
  const to = literal(source)
  return to === undefined ? { is: 'computed', to: '' } : { is: 'import', to }
}

function urlReference(args: unknown): Omit<Reference, 'line'> | undefined {
  const to = Array.isArray(args) && args.length === 2 ? literal(args[0]) : undefined
  return to !== undefined && /\.[mc]?[jt]sx?$/.test(to) ? { is: 'url', to } : undefined
}

// `process.env`, `process['env']` and `globalThis.process.env`.
function readsEnvironment(node: Node): boolean {
  const property = node['property'] as Node
  if (property['name'] !== 'env' && property['value'] !== 'env') return false
  const object = node['object'] as Node
  return named(object, 'process') || named(object['property'], 'process')
}

// `const { env } = process`; a second name for `process` counts as well, since nobody follows where it goes.
function takesEnvironment(node: Node): boolean {
  if (!named(node['init'], 'process')) return false
  const pattern = node['id'] as { type: string; properties?: Node[] }
  return (
    pattern.type !== 'ObjectPattern' || (pattern.properties ?? []).some(it => !it['key'] || named(it['key'], 'env'))
  )
}

function importsEnvironment(node: Node): boolean {
  const from = literal(node['source'])
  if (from !== 'node:process' && from !== 'process') return false
  return (node['specifiers'] as Node[]).some(it => it['type'] !== 'ImportSpecifier' || named(it['imported'], 'env'))
}

function named(node: unknown, name: string): boolean {
  return typeof node === 'object' && node !== null && (node as Node)['name'] === name
}

function literal(node: unknown): string | undefined {
  if (typeof node !== 'object' || node === null) return undefined
  const { type, value, quasis } = node as { type: string; value: unknown; quasis?: { value: { cooked: string } }[] }
  if (type === 'TemplateLiteral' && quasis?.length === 1) return quasis[0]?.value.cooked
  return type === 'Literal' && typeof value === 'string' ? value : undefined
}

function lineOf(text: string, offset: number): number {
  return text.slice(0, offset).split('\n').length
}
