import type { Digest, JsonObject } from '../../kernel/index.ts'
import type { Ask } from '../http-client/index.ts'

/** An operation of a document as a tool, with the plan of how its arguments become a request. Plain data. */
export interface Operation {
  /** The name of the tool. */
  readonly name: string
  /** An MCP tool definition. Method and path are part of it, so that its fingerprint covers what will be sent. */
  readonly definition: JsonObject
  readonly digest: Digest
  readonly method: Ask['method']
  /** Path template below the base URL, such as `/pets/{petId}`. */
  readonly path: string
  readonly parameters: readonly Parameter[]
  readonly body: Body | null
  /** Base URL of this operation alone, when the document gives it one of the same origin. */
  readonly base: string | null
}

export const styles = ['matrix', 'label', 'simple', 'form', 'spaceDelimited', 'pipeDelimited', 'deepObject'] as const
export type Style = (typeof styles)[number]
export type Place = 'path' | 'query' | 'header' | 'cookie'

export interface Parameter {
  /** The tool's argument. */
  readonly argument: string
  /** The name on the wire. */
  readonly name: string
  readonly in: Place
  readonly style: Style
  readonly explode: boolean
  readonly allowReserved: boolean
  /** Sent as JSON text, because the document describes it by a media type. */
  readonly json: boolean
}

export interface Body {
  readonly is: 'json' | 'form' | 'text'
  readonly contentType: string
  readonly required: boolean
  /** How single fields of a form are written, where the document says so. */
  readonly fields: Readonly<Record<string, Pick<Parameter, 'style' | 'explode' | 'allowReserved'>>>
}

/** A document, ready to use. Plain data. */
export interface CompiledDocument {
  readonly title: string
  readonly version: string
  /** Base URL of the document itself; null when it names none that can be used, with the reason. */
  readonly base: string | null
  readonly whyNoBase: string
  readonly operations: readonly Operation[]
  readonly warnings: readonly string[]
}
