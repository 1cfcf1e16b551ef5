import type { CallerClient, ClientAnswer, Call, Reply, Return, WentOn } from '../../gate/index.ts'
import type { Discovery } from '../../registry/index.ts'
import type { Piece, Spoken } from '../../runs/index.ts'
import type { FaultCode, FaultDetails, JsonObject } from '../../kernel/index.ts'

/** Changes when nodes of before and after could not understand each other. */
export const PROTOCOL = 1

/** Milliseconds for which a node is believed to be there that shows no sign of life, unless someone cannot wait. */
export const LEASE = 6_000

/** The pool of those who come for a call that waits, and not for a server. */
export const WAITING = ''

/** The pool of those who come with what models say, and not for a server. */
export const SPEAKING = 'speaking'

/** The first words on a hop. */
export interface Hello {
  readonly protocol: number
  readonly pool: string
  readonly replica: number
  /** Of the owner who is meant. */
  readonly fence: number
}

export type Welcome = { readonly is: 'welcome' } | Gone

/** It does not run the server, or will soon do so no more. What was asked under `n` has not begun. */
export interface Gone {
  readonly is: 'gone'
  /** The question that was too late, when it answers one. */
  readonly n?: number
  readonly why: string
}

/** A call as it travels: the owner has the settings of the server itself. */
export type TravellingCall = Omit<Call, 'server'>

/** What a node asks the owner of a server; `n` is the number of the question. */
export type Asked =
  | {
      readonly is: 'call'
      readonly n: number
      readonly call: TravellingCall
      readonly wantsProgress: boolean
      readonly client: Pick<CallerClient, 'id' | 'capabilities' | 'logLevel' | 'takesInputRequired'> | null
    }
  | { readonly is: 'discover' | 'probe'; readonly n: number }
  | { readonly is: 'goOn'; readonly n: number; readonly back: Return }
  | { readonly is: 'cancel'; readonly n: number }
  | { readonly is: 'answer'; readonly n: number; readonly question: number; readonly answer: ClientAnswer }
  | { readonly is: 'unwatch'; readonly uri: string }
  /** Whether somebody wants to hear of a run. */
  | { readonly is: 'speaks'; readonly run: Spoken }
  | { readonly is: 'piece'; readonly run: Spoken; readonly piece: Piece }

/** What the owner says. */
export type Told =
  | { readonly is: 'reply'; readonly n: number; readonly reply: Reply }
  | { readonly is: 'discovered'; readonly n: number; readonly discovery: Discovery }
  | { readonly is: 'probed'; readonly n: number }
  | { readonly is: 'fault'; readonly n: number; readonly code: FaultCode; readonly details: FaultDetails }
  | { readonly is: 'progress'; readonly n: number; readonly params: JsonObject }
  | { readonly is: 'notice'; readonly n: number; readonly method: string; readonly params: JsonObject }
  | {
      readonly is: 'question'
      readonly n: number
      readonly question: number
      readonly method: string
      readonly params: JsonObject
    }
  /** Nobody waits for the answer any more. */
  | { readonly is: 'questionOver'; readonly n: number; readonly question: number }
  | { readonly is: 'listChanged'; readonly list: 'tools' | 'resources' | 'prompts' }
  | { readonly is: 'resourceUpdated'; readonly uri: string }
  /** What the client that came back is told meanwhile. */
  | { readonly is: 'said'; readonly n: number; readonly text: string }
  | { readonly is: 'wentOn'; readonly n: number; readonly wentOn: WentOn }
  | { readonly is: 'wanted'; readonly run: string; readonly isWanted: boolean }
  /** A sign of life. */
  | { readonly is: 'here' }
  | Gone
