import type { PolicyJson } from '@cedar-policy/cedar-wasm/nodejs'

/**
 * What some policies look at, of that which differs from call to call. Method, surface, dry run and everything with a closed
 * list of values (kind, roles, effect …) is not told apart: it is taken as read.
 */
export interface PolicyReads {
  /** The principal's id or name. */
  readonly who: boolean
  /** Which server and capability it is. */
  readonly which: boolean
  /** JSON Pointers of the arguments; `all` when they are not written out. */
  readonly arguments: ReadonlySet<string> | 'all'
}

/** What one policy looks at. In doubt it is too much, never too little. */
export function policyReads({ principal, resource, conditions }: PolicyJson): PolicyReads {
  const reads = { who: false, which: false, all: false, pointers: new Set<string>() }
  if (!isOpen(principal, 'Role')) reads.who = true
  if (!isOpen(resource)) reads.which = true
  visit(conditions)
  return { who: reads.who, which: reads.which, arguments: reads.all ? 'all' : reads.pointers }

  function visit(node: unknown): void {
    if (typeof node !== 'object' || node === null) return
    const { Var: variable, type } = node as { readonly Var?: unknown; readonly type?: unknown }
    // A variable that stands alone may be compared, or have its attributes read by whatever is around it. An entity that
    // is named has attributes only when it is the very one of the call.
    if (variable === 'principal' || type === 'Principal') reads.who = true
    if (variable === 'resource' || type === 'Capability') reads.which = true
    for (const [operator, operands] of Object.entries(node)) {
      if ((operator === '.' || operator === 'has') && isAttribute(operands, ...harmless)) continue
      if (operator === 'in' && isRoleQuestion(operands)) continue
      // Arguments are entity tags, and these two operators are the only way to look at a tag.
      if (operator === 'hasTag' || operator === 'getTag') lookAt((operands as { readonly right?: unknown }).right)
      visit(operands)
    }
  }

  function lookAt(tag: unknown): void {
    const { Value: pointer } = (tag ?? {}) as { readonly Value?: unknown }
    if (typeof pointer === 'string') reads.pointers.add(pointer)
    else reads.all = true
  }
}

/** What several policies look at together. */
export function together(each: readonly PolicyReads[]): PolicyReads {
  const pointers = new Set<string>()
  for (const reads of each) if (reads.arguments !== 'all') for (const pointer of reads.arguments) pointers.add(pointer)
  return {
    who: each.some(reads => reads.who),
    which: each.some(reads => reads.which),
    arguments: each.some(reads => reads.arguments === 'all') ? 'all' : pointers,
  }
}

/** Attributes with few values; `name` and `server` have many. */
const harmless = ['kind', 'tenant', 'effect', 'openWorld', 'trusted'] as const

/** Whether the head of a policy asks for nothing, or only for parents of the given type. */
function isOpen(constraint: PolicyJson['principal'], parents?: string): boolean {
  switch (constraint.op) {
    case 'All':
      return true
    case 'is':
      return !constraint.in || ('entity' in constraint.in && isOf(parents, constraint.in.entity))
    case 'in':
      return 'entity' in constraint && isOf(parents, constraint.entity)
    default:
      return false
  }
}

function isOf(type: string | undefined, entity: unknown): boolean {
  return type !== undefined && (entity as { readonly type?: unknown }).type === type
}

/** `principal.kind`, `resource.effect` and the like, directly on the variable. */
function isAttribute(operands: unknown, ...names: readonly string[]): boolean {
  const { left, attr } = operands as { readonly left?: unknown; readonly attr?: unknown }
  return isVariable(left) && typeof attr === 'string' && names.includes(attr)
}

/** `principal in Role::"operator"`, or in a list of roles. */
function isRoleQuestion(operands: unknown): boolean {
  const { left, right } = operands as { readonly left?: unknown; readonly right?: { readonly Set?: unknown } }
  if (!isVariable(left)) return false
  return Array.isArray(right?.Set) ? right.Set.every(isRole) : isRole(right)
}

function isRole(node: unknown): boolean {
  const { Value: value } = (node ?? {}) as { readonly Value?: { readonly __entity?: unknown } }
  return isOf('Role', value?.__entity ?? {})
}

function isVariable(node: unknown): boolean {
  const { Var: variable } = (node ?? {}) as { readonly Var?: unknown }
  return variable === 'principal' || variable === 'resource'
}
