import type { Tool } from '@modelcontextprotocol/client'
import type { Revision } from '../support/mcp-client.ts'

/** What a client may be seen to do; the columns of docs/reference/clients.md. */
export const abilities = ['list', 'call', 'cancel', 'progress', 'list changes', 'elicitation'] as const
export type Ability = (typeof abilities)[number]

/** A client somebody else wrote, used through the calls its own documentation tells people to use. */
export interface ThirdPartyClient {
  readonly title: string
  /** Its package, whose version stands in package.json beside this file. */
  readonly package: string
  readonly revision: Revision
  /** What it has no way to do, and why in a few words. */
  readonly lacks: Readonly<Partial<Record<Ability, string>>>
  /** How it shows that a tool failed or that a call was denied. */
  readonly showsFailureAs: string
  /** What it keeps of a tool's definition. */
  keeps(tool: Tool): unknown
  connect(access: Access): Promise<Connected>
}

/** Where to connect, and whom to tell. */
export interface Access {
  readonly url: string
  readonly key: string
  readonly onProgress: (progress: number) => void
  readonly onToolsChanged: () => void
  /** Answers whatever a server asks the user. */
  readonly fillIn: () => Record<string, string>
}

export interface Connected {
  /** Definitions as the client shows them. */
  tools(): Promise<readonly { readonly name: string }[]>
  /** Rejects when the call was cancelled, or ended otherwise than tools and policies end it. */
  call(name: string, args: Readonly<Record<string, unknown>>, signal?: AbortSignal): Promise<Told>
  close(): Promise<void>
}

/** What came back from a call. */
export interface Told {
  readonly failed: boolean
  readonly text: string
  readonly structured: unknown
}
