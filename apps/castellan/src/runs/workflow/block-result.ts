import type { JsonObject, JsonValue } from '../../kernel/index.ts'
import type { NodeError } from './node-result.ts'
import type { ToolCall } from './workflow.ts'

/** How a block stands. */
export interface BlockResult {
  readonly ended: boolean
  /** The node that failed first and was not to. */
  readonly failed: { readonly node: string; readonly error: NodeError } | null
  /** Whether some of it was given up. */
  readonly cut: boolean
  /** Of its last node. */
  readonly output: JsonValue
  /** Milliseconds of the epoch; null while it has not ended. */
  readonly endedAt: number | null
  readonly order: number
}

/** A call that takes back what a node did. */
export interface Undo {
  readonly path: string
  readonly call: ToolCall
  readonly scope: JsonObject
  readonly order: number
}
