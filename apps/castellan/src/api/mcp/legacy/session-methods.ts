import { logLevels } from '../../../gate/index.ts'
import type { JsonObject } from '../../../kernel/index.ts'
import { code, RpcError } from '../wire/rpc.ts'

/** What of a session its own methods change. */
interface Changeable {
  logLevel: string | null
  watch(uri: string): Promise<void>
  unwatch(uri: string): void
}

type SessionMethod = (session: Changeable, params: JsonObject) => JsonObject | Promise<JsonObject>

/** What only a client with a session can ask. */
export const sessionMethods: ReadonlyMap<string, SessionMethod> = new Map<string, SessionMethod>([
  ['ping', () => ({})],
  [
    'logging/setLevel',
    (session, { level }) => {
      if (typeof level !== 'string' || !logLevels.includes(level)) {
        throw new RpcError(code.invalidParams, `Invalid params: "level" must be one of ${logLevels.join(', ')}`)
      }
      session.logLevel = level
      return {}
    },
  ],
  [
    'resources/subscribe',
    async (session, { uri }) => {
      await session.watch(uri as string)
      return {}
    },
  ],
  [
    'resources/unsubscribe',
    (session, { uri }) => {
      session.unwatch(uri as string)
      return {}
    },
  ],
])
