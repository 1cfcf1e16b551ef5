import type { Discovery } from './capability.ts'
import type { Server } from './server.ts'

/** The port through which the registry asks servers about themselves. */
export interface CatalogSource {
  /** Asks for everything the server offers. Throws `UPSTREAM_UNREACHABLE`, `UPSTREAM_PROTOCOL`, `UPSTREAM_TIMEOUT`, `DOCUMENT_INVALID` or `SECRET_UNREADABLE`. */
  discover(server: Server, signal: AbortSignal): Promise<Discovery>
  /** Resolves with the milliseconds it took when at least one replica is well; throws as {@link discover} does. */
  probe(server: Server, signal: AbortSignal): Promise<number>
  /** Lets a server that failed to open be tried again at once, since what it failed for has changed. */
  wake?(serverId: string): void
  /** Closes the connections to a server, except those that `keep` would open the same; calls under way end first. */
  forget(serverId: string, keep?: Server): Promise<void>
}
