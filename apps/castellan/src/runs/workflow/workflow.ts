import type { Role } from '../../identity/index.ts'
import type { Digest, JsonObject, JsonValue } from '../../kernel/index.ts'

/** A workflow in its normal form: what was left out is there, durations are milliseconds, and every node knows what it comes after. */
export interface Workflow {
  readonly name: string
  readonly description: string
  readonly nodes: Block
  /** A template; null for the output of the last node. */
  readonly output: JsonValue | null
  /** Milliseconds of a whole run; null for none. */
  readonly timeout: number | null
}

/** Nodes that know of one another, in the order in which they were written. */
export type Block = readonly WorkflowNode[]

export type WorkflowNode = Always &
  (
    | (ToolCall & { readonly is: 'tool'; readonly compensate: ToolCall | null })
    | (Inside & { readonly is: 'agent'; readonly name: string; readonly input: JsonObject })
    | (Inside & { readonly is: 'team' | 'workflow'; readonly name: string; readonly input: JsonValue })
    | { readonly is: 'if'; readonly condition: string }
    /** The label of each case is its number. */
    | { readonly is: 'switch'; readonly value: string; readonly cases: readonly JsonValue[] }
    | { readonly is: 'foreach'; readonly items: string; readonly concurrency: number; readonly do: Block }
    | { readonly is: 'parallel'; readonly branches: Readonly<Record<string, Block>> }
    | { readonly is: 'wait'; readonly for: WaitFor; readonly timeout: number | null }
    | {
        readonly is: 'approval'
        readonly question: JsonValue
        readonly roles: readonly Role[]
        readonly quorum: number
        readonly fourEyes: boolean
        readonly expires: number
      }
    | { readonly is: 'transform'; readonly expression: string }
  )

export type NodeOf<Is extends WorkflowNode['is']> = Extract<WorkflowNode, { readonly is: Is }>

interface Always {
  readonly id: string
  readonly after: readonly Edge[]
  /** Every node of its block that it comes after, however far back: those of which its expressions may speak. */
  readonly sees: readonly string[]
  readonly onError: 'fail' | 'continue' | 'branch'
}

export interface Edge {
  readonly from: string
  /** Which way the node before must have gone: `then`, `else`, `default`, the number of a case, `error`; null for any. */
  readonly way: string | null
}

export interface ToolCall {
  readonly tool: string
  /** A template. */
  readonly args: JsonValue
  readonly timeout: number
  readonly retry: Retry | null
}

interface Inside {
  readonly timeout: number | null
  readonly retry: Retry | null
  readonly compensate: ToolCall | null
}

export interface Retry {
  readonly attempts: number
  readonly wait: number
  readonly factor: number
  readonly longest: number
}

export type WaitFor =
  | { readonly is: 'time'; readonly for: number }
  | { readonly is: 'moment'; readonly until: string }
  | { readonly is: 'signal'; readonly name: string }
  | { readonly is: 'call' }

/** A workflow as it is kept. */
export interface StoredWorkflow {
  readonly id: string
  readonly tenant: string
  /** Unique in its tenant. */
  readonly name: string
  /** As its author wrote it; null when it came as a document. */
  readonly source: string | null
  readonly document: JsonObject
  readonly workflow: Workflow
  /** Over the normal form. */
  readonly digest: Digest
  readonly version: number
}
