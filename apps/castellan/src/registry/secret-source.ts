/**
 * The port of a place where others keep secrets. What a tenant may not have looks like what is not there. Nothing is served that the
 * place would not give now, but for a time it sets itself. Every adapter passes `secret-source.testsuite.ts`.
 */
export interface SecretSource {
  /**
   * The value under a name, for a tenant. Throws `SECRET_UNREADABLE` with the name and what to do, and nothing of any value, also
   * when the place cannot be asked: there is no value to go on with.
   */
  read(tenant: string, name: string): Promise<string>
  /** Ends everything it holds open. Idempotent. */
  close(): Promise<void>
}
