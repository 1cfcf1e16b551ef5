/**
 * An OpenAPI document with only the components it refers to, under the names of our contracts. The library derives two of
 * each schema, `Server` for what goes out and `ServerInput` for what comes in; where only one is used, it is `Server`.
 */
export function tidyComponents<T extends object>(document: T): T {
  const { components = {} } = document as { components?: { schemas?: Record<string, unknown> } }
  const { schemas = {} } = components
  const used = new Set<string>()
  const visit = (value: unknown) => {
    for (const name of namesIn(value)) {
      if (used.has(name)) continue
      used.add(name)
      visit(schemas[name])
    }
  }
  visit({ ...document, components: {} })
  const finalName = (name: string) => {
    const plain = name.replace(/Input$/, '')
    return plain !== name && !used.has(plain) ? plain : name
  }
  const kept = Object.entries(schemas)
    .filter(([name]) => used.has(name))
    .map(([name, schema]) => [finalName(name), schema] as const)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
  const whole = { ...document, components: { ...components, schemas: Object.fromEntries(kept) } }
  return JSON.parse(
    JSON.stringify(whole, (key, value: unknown) =>
      key === '$ref' && typeof value === 'string' ? PREFIX + finalName(value.slice(PREFIX.length)) : value,
    ),
  ) as T
}

const PREFIX = '#/components/schemas/'

function namesIn(value: unknown): string[] {
  const names: string[] = []
  JSON.stringify(value, (key, each: unknown) => {
    if (key === '$ref' && typeof each === 'string') names.push(each.slice(PREFIX.length))
    return each
  })
  return names
}
