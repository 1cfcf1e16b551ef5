import { randomBytes } from 'node:crypto'
import { Client } from 'pg'

/** A new, empty database of its own, and the way to get rid of it. */
export async function freshPostgres(server: string): Promise<{ url: string; drop(): Promise<void> }> {
  const name = `castellan_test_${randomBytes(8).toString('hex')}`
  await run(server, `CREATE DATABASE ${name}`)
  const url = new URL(server)
  url.pathname = `/${name}`
  return { url: url.href, drop: () => run(server, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`) }
}

/** Runs SQL on a connection of its own. */
export async function run(url: string, text: string): Promise<void> {
  await using connection = await connect(url)
  await connection.client.query(text)
}

/** A raw connection, ended at the end of the block. */
export async function connect(url: string): Promise<{ client: Client } & AsyncDisposable> {
  const client = new Client({ connectionString: url })
  client.on('error', () => undefined)
  await client.connect()
  return { client, [Symbol.asyncDispose]: () => client.end() }
}
