import { parentPort } from 'node:worker_threads'
import jsonata from 'jsonata'
import type { JsonObject, JsonValue } from '../../kernel/index.ts'
import type { Evaluated } from '../../runs/index.ts'

/** Calls in one another, as JSONata counts them, and values in one sequence. */
const BOUNDS = { stack: 500, sequence: 1_000_000 }
/** Characters of what an evaluation comes to, as JSON. */
const LONGEST = 1_000_000

parentPort!.on('message', ({ template, scope }: { template: JsonValue; scope: JsonObject }) => {
  void evaluated(template, scope).then(said => parentPort!.postMessage(said))
})

/** Loading the language is not the fault of any expression. */
parentPort!.postMessage('ready')

async function evaluated(template: JsonValue, scope: JsonObject): Promise<Evaluated> {
  try {
    const json = JSON.stringify(await filled(template, scope), withoutFunctions)
    if (json.length > LONGEST)
      return { is: 'failed', why: `it comes to ${json.length} characters of JSON, and may come to ${LONGEST}` }
    return { is: 'value', value: JSON.parse(json) as JsonValue }
  } catch (error) {
    return { is: 'failed', why: whyOf(error) }
  }
}

async function filled(template: JsonValue, scope: JsonObject): Promise<unknown> {
  if (typeof template === 'string') return template.startsWith('=') ? await come(template.slice(1), scope) : template
  if (typeof template !== 'object' || template === null) return template
  if (Array.isArray(template)) {
    const values: unknown[] = []
    for (const each of template as readonly JsonValue[]) values.push(await filled(each, scope))
    return values
  }
  const filledIn: [string, unknown][] = []
  for (const [key, value] of Object.entries(template)) filledIn.push([key, await filled(value, scope)])
  return Object.fromEntries(filledIn)
}

async function come(expression: string, scope: JsonObject): Promise<unknown> {
  const value: unknown = await jsonata(expression, BOUNDS).evaluate(scope)
  return value === undefined ? null : value
}

/** Functions are nothing, whether they are ours or of the expression, which are objects that hold all they know. */
function withoutFunctions(_: string, value: unknown): unknown {
  if (typeof value === 'function') return null
  const isLambda = typeof value === 'object' && value !== null && '_jsonata_lambda' in value
  return isLambda ? null : value
}

function whyOf(error: unknown): string {
  const { message } = error as { readonly message?: unknown }
  return typeof message === 'string' ? message.slice(0, 500).toWellFormed() : 'it cannot be evaluated'
}
