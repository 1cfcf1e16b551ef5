import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freshPostgres } from '../../apps/castellan/src/adapters/store-sql/testing/fresh-postgres.ts'
import { castellanProcess, type CastellanProcess } from './castellan-process.ts'
import { adminOf, type Rest } from './rest.ts'

/** A node as a process of its own, with its REST API as the administrator has it. */
export interface Node extends CastellanProcess {
  readonly rest: Rest
}

/** One PostgreSQL of its own, and the processes on it. */
export interface Nodes extends AsyncDisposable {
  readonly database: string
  readonly folder: string
  /** Starts one more, with further flags. */
  start(...flags: readonly string[]): Promise<Node>
}

export async function nodesOn(server: string): Promise<Nodes> {
  const { url: database, drop } = await freshPostgres(server)
  const folder = await mkdtemp(join(tmpdir(), 'castellan-nodes-'))
  const data = join(folder, 'data')
  const started: CastellanProcess[] = []
  return {
    database,
    folder,
    async start(...flags) {
      const process = await castellanProcess(data, '--database', database, ...flags)
      started.push(process)
      return { ...process, rest: await adminOf(process.url, data) }
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(started.map(each => each[Symbol.asyncDispose]()))
      await drop()
      await rm(folder, { recursive: true, force: true })
    },
  }
}
