import type { CallIo, GoOn, Link, Reply } from '../../gate/index.ts'
import type { Listening } from '../../runs/index.ts'
import type { TravellingCall } from './messages.ts'

/** What does on this node what others ask for; never throws for what servers do, except as {@link Connector.open}. */
export interface Home {
  onBehalf<T>(pool: string, replica: number, signal: AbortSignal, work: (link: Link) => Promise<T>): Promise<T>
  callOnBehalf(pool: string, replica: number, call: TravellingCall, io: CallIo): Promise<Reply>
  /** A client came back by another node to a call that waits here. */
  readonly goOn: GoOn
  /** Those who listen here to what models say elsewhere. */
  readonly listening: Pick<Listening, 'wants' | 'hear'>
  /** Another node does not watch a resource any more. */
  unwatch(serverId: string, uri: string): void
}
