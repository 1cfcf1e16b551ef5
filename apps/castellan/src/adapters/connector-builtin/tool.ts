import type { AllowedCall, CallIo } from '../../gate/index.ts'
import { fault, type Fault, type JsonObject } from '../../kernel/index.ts'

/** A tool server that runs inside of the control plane. */
export interface Toolbox {
  readonly tools: readonly Tool[]
  /** Throws `TOOL_REFUSED` when it cannot work as it is set. */
  probe(signal: AbortSignal): Promise<void>
}

export interface Tool {
  readonly definition: ToolDefinition
  /**
   * Does what is asked; the arguments are valid by the input schema, as the gate has seen to. Settles promptly once the signal is
   * aborted. Throws `TOOL_REFUSED`, `EGRESS_REFUSED`.
   */
  run(args: JsonObject, asked: Asked): Promise<ToolAnswer>
}

/** A call as a tool sees it. */
export interface Asked extends Pick<CallIo, 'signal' | 'onProgress'> {
  readonly call: AllowedCall['call']
}

/** An MCP tool definition. */
export interface ToolDefinition {
  readonly [key: string]: JsonObject[string]
  readonly name: string
  readonly description: string
  readonly inputSchema: JsonObject
  readonly outputSchema: JsonObject
}

export interface ToolAnswer {
  /** By the output schema. */
  readonly structured: JsonObject
  /** For readers of text; the structured answer as JSON when there is none. */
  readonly text?: string
}

/** A tool whose arguments are what its input schema says. */
export function tool<Args>(definition: ToolDefinition, run: (args: Args, asked: Asked) => Promise<ToolAnswer>): Tool {
  return { definition, run: (args, asked) => run(args as unknown as Args, asked) }
}

/** The tool will not, or cannot, do what is asked. */
export function refused(why: string, options?: ErrorOptions): Fault {
  return fault('TOOL_REFUSED', { why }, options)
}

/** An object schema in which everything is required that is not said to be optional. */
export function fields(properties: Readonly<Record<string, JsonObject>>, optional: readonly string[] = []): JsonObject {
  const required = Object.keys(properties).filter(name => !optional.includes(name))
  return { type: 'object', properties, required, additionalProperties: false }
}
