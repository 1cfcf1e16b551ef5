import { Client } from 'pg'

/** A service that tests may use, or why they are skipped. */
export type Service = { readonly url: string; readonly skip: false } | { readonly url: ''; readonly skip: string }

/**
 * The PostgreSQL at `CASTELLAN_TEST_POSTGRES`, which must let its user create databases.
 * Throws instead of skipping when `CASTELLAN_REQUIRE_SERVICES=1`.
 */
export async function postgresForTests(): Promise<Service> {
  const url = process.env['CASTELLAN_TEST_POSTGRES'] ?? 'postgres://root@127.0.0.1:5432/postgres'
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 3_000 })
  client.on('error', () => undefined)
  try {
    await client.connect()
    return { url, skip: false }
  } catch (cause) {
    return absent('PostgreSQL', url, cause)
  } finally {
    await client.end().catch(() => undefined)
  }
}

function absent(name: string, url: string, cause: unknown): Service {
  const { hostname, port } = new URL(url)
  const why = `${name} is not reachable at ${hostname}:${port} (${(cause as Error).message || 'refused'})`
  if (process.env['CASTELLAN_REQUIRE_SERVICES'] === '1') throw new Error(why, { cause })
  return { url: '', skip: why }
}
