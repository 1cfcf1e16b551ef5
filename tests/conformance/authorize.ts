import type { CastellanClient } from '@castellan/sdk'

/** As often as the suite lets itself be asked in one scenario. */
const MOST_QUESTIONS = 3

/** What the suite says about who we are to its authorization server. */
export interface Ourselves {
  readonly client_id?: string
  readonly client_secret?: string
  readonly issuer?: string
}

/** OAuth settings of a server: a client registered by hand where the suite has one, else one with a document about it. */
export function oauth({ client_id, client_secret, issuer }: Ourselves) {
  if (client_id === undefined) return { type: 'oauth' as const, client_metadata_url: DOCUMENT }
  return { type: 'oauth' as const, client_id, client_secret: client_secret ?? null, issuer: issuer ?? null }
}

/** The URL that the suite knows; nobody fetches it. */
const DOCUMENT = 'https://conformance-test.local/client-metadata.json'

/** Plays the person who authorizes a server whenever it wants that, before and after it is used. */
export async function whileAuthorizing(
  { servers }: CastellanClient,
  name: string,
  use: () => Promise<unknown>,
): Promise<void> {
  for (let questions = 0; questions < MOST_QUESTIONS; questions++) {
    const { authorization } = await servers.get(name)
    if (authorization?.status === 'needed') {
      await visit((await servers.authorize(name)).authorization_url)
      // Waits for what the server is being asked already; what it refuses is looked at below.
      await servers.discover(name).catch(() => undefined)
    } else if (questions > 0) return
    await use()
  }
}

/** The browser: the suite's authorization server sends it back at once. Throws when the answer is not taken. */
async function visit(authorizationUrl: string): Promise<void> {
  const { headers } = await fetch(authorizationUrl, { redirect: 'manual' })
  const back = await fetch(headers.get('location') ?? '')
  if (back.status !== 200) throw new Error(`The way back answered ${back.status}: ${await back.text()}`)
}
