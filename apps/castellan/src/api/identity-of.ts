import type { IncomingHttpHeaders } from 'node:http'
import type { Identity } from '../identity/index.ts'
import type { Core } from './core.ts'

/** Whoever the headers of a request belong to. Throws `UNAUTHENTICATED`, and as the authenticator does. */
export async function identityOf(
  { authenticator }: Pick<Core, 'authenticator'>,
  { authorization, 'x-tenant-id': tenant }: IncomingHttpHeaders,
): Promise<Identity> {
  const presented = { authorization, tenant: typeof tenant === 'string' ? tenant : undefined }
  return authenticator.recognise(presented) ?? authenticator.authenticate(presented, AbortSignal.timeout(10_000))
}
