import { isJsonObject, type JsonObject, type JsonValue } from '../kernel/index.ts'
import type { Capability } from './capability.ts'

/** The tool definition under which a resource, template or prompt is offered to clients that only use tools. */
export function toolDefinition(capability: Capability, exposed: string): JsonObject {
  const { title, description } = capability.definition
  return {
    name: exposed,
    ...(typeof title === 'string' ? { title } : {}),
    description:
      typeof description === 'string' ? description : `Reads the ${capability.primitive} ${capability.name}.`,
    inputSchema: inputSchemaOf(capability),
    annotations: { readOnlyHint: true },
  }
}

/** The schema that arguments must satisfy; null when the definition has none, which lets everything pass. */
export function inputSchemaOf(capability: Pick<Capability, 'primitive' | 'name' | 'definition'>): JsonObject | null {
  switch (capability.primitive) {
    case 'tool':
      return isJsonObject(capability.definition.inputSchema) ? capability.definition.inputSchema : null
    case 'resource':
      return closedObject({}, [])
    case 'template':
      return closedObject({ uri: { type: 'string', description: `A URI of the form ${capability.name}` } }, ['uri'])
    case 'prompt':
      return promptSchema(capability.definition.arguments)
    default:
      throw capability.primitive satisfies never
  }
}

function promptSchema(declared: JsonValue | undefined): JsonObject {
  // A map, because on an object the name "__proto__" would not become a property.
  const properties = new Map<string, JsonObject>()
  const required: string[] = []
  for (const argument of Array.isArray(declared) ? (declared as readonly JsonValue[]) : []) {
    if (!isJsonObject(argument) || typeof argument.name !== 'string') continue
    const { description } = argument
    properties.set(argument.name, { type: 'string', ...(typeof description === 'string' ? { description } : {}) })
    if (argument.required === true) required.push(argument.name)
  }
  return closedObject(Object.fromEntries(properties), required)
}

function closedObject(properties: JsonObject, required: readonly string[]): JsonObject {
  return { type: 'object', properties, required, additionalProperties: false }
}
