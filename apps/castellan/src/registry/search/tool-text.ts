import { isJsonObject, type JsonValue } from '../../kernel/index.ts'
import { inputSchemaOf } from '../as-tool.ts'
import type { Offer } from '../offer.ts'

/** What is read of a tool, and what a word in it is worth: the more, the more it says about the tool as a whole. */
export const fieldWeights = { server: 2, name: 4, title: 3, description: 2, schema: 1 } as const

type ToolText = Readonly<Record<keyof typeof fieldWeights, string>>

/** Characters that are read; whoever writes more than this of a tool has said before what it is about. */
const most: Readonly<Record<keyof ToolText, number>> = {
  server: 100,
  name: 500,
  title: 500,
  description: 4_000,
  schema: 8_000,
}
/** Levels of a schema that are read. */
const DEEPEST = 6

/** What a tool says of itself. It depends on nothing but the definition and the name of the server. */
export function toolText({ server, capability }: Pick<Offer, 'server' | 'capability'>): ToolText {
  const { name, title, description, annotations } = capability.definition
  const parameters: string[] = []
  gather(inputSchemaOf(capability) ?? {}, parameters, DEEPEST)
  return {
    server: server.name,
    // A resource has a name besides the URI it is asked for by.
    name: shortened([capability.name, name === capability.name ? null : name], most.name),
    title: shortened([title, isJsonObject(annotations) ? annotations.title : null], most.title),
    description: shortened([description], most.description),
    schema: shortened(parameters, most.schema),
  }
}

/** Names, titles, descriptions and values of the parameters, wherever in the schema they are. */
function gather(schema: JsonValue | undefined, into: string[], levels: number): void {
  if (levels === 0 || into.length >= most.schema) return
  if (Array.isArray(schema)) {
    for (const each of schema as readonly JsonValue[]) gather(each, into, levels - 1)
  } else if (isJsonObject(schema)) {
    const { title, description, enum: values, properties, $defs, items, anyOf, oneOf, allOf } = schema
    for (const each of [title, description, values].flat()) if (typeof each === 'string') into.push(each)
    for (const named of [properties, $defs]) {
      if (!isJsonObject(named)) continue
      for (const [name, each] of Object.entries(named)) {
        into.push(name)
        gather(each, into, levels - 1)
      }
    }
    for (const each of [items, anyOf, oneOf, allOf]) gather(each, into, levels - 1)
  }
}

function shortened(texts: readonly unknown[], most: number): string {
  return texts
    .filter(text => typeof text === 'string')
    .join('\n')
    .slice(0, most)
}
