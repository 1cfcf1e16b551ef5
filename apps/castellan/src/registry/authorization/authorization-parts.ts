import type { Journal } from '../../journal/index.ts'
import type { Clock } from '../../kernel/index.ts'
import type { RegistryStore } from '../registry-store.ts'
import type { SecretVault } from '../secrets.ts'
import type { Server } from '../server.ts'
import type { Authorizer } from './authorizer.ts'

export interface AuthorizationParts {
  readonly authorizer: Authorizer
  readonly store: Pick<RegistryStore, 'secret' | 'saveSecret'>
  readonly vault: Pick<SecretVault, 'seal' | 'open'>
  readonly journal: Journal
  readonly clock: Clock
  /** Learns tokens, so that they are masked wherever they turn up, and forgets those that are long over. */
  readonly masker: { learn(plaintext: string): void; forget(plaintext: string): void }
  /** Of a server that has one, in the clear. Throws `SECRET_UNREADABLE`. */
  readonly clientSecret: (server: Server) => Promise<string | null>
  /** Where authorization servers send people back to. */
  readonly redirectUrl: () => string
  readonly server: (id: string) => Server | undefined
  /** A server was found to need a person, or does not any more. */
  readonly onChanged: (server: Server) => void
  /** Sends a request, whose refusal shows what a server demands. Throws what reaching it throws. */
  readonly provoke: (server: Server) => Promise<unknown>
}
