import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Attempt, effects } from './attempts.ts'
import type { Rest } from '../support/rest.ts'

const ledgerServer = new URL('./fixtures/ledger-server.ts', import.meta.url).pathname
const settings = Object.fromEntries(Object.entries(effects).map(([tool, effect]) => [tool, { effect }]))

/** Where the ledger server of a run writes what it did. */
export function ledgerFile(folder: string): string {
  return join(folder, 'effects')
}

/** A variable that every process of a run inherits. */
export function tokenOf(folder: string): string {
  return `CHAOS_RUN=${folder}`
}

/** Registers both servers: processes of the control plane's own, and the tool server of this process. */
export async function register(rest: Rest, folder: string, toolServer: string): Promise<void> {
  await rest.must('POST', '/api/mcp-servers', {
    body: {
      name: 'ledger',
      transport: 'stdio',
      command: process.execPath,
      args: [ledgerServer, ledgerFile(folder)],
      env: { CHAOS_RUN: folder },
      replicas: 2,
      tools: settings,
    },
  })
  await rest.must('POST', '/api/mcp-servers', {
    body: { name: 'tools', transport: 'http-adapter', url: toolServer, tools: settings },
  })
}

/** How often the tool of a call took effect: by the file of the one server, by the counts of the other. */
export async function effectsBy(
  folder: string,
  counted: ReadonlyMap<string, number>,
): Promise<(attempt: Attempt) => number> {
  const ledger = new Map<string, number>()
  const tools = new Map(counted)
  for (const line of (await readFile(ledgerFile(folder), 'utf8')).split('\n')) {
    const id = line.split(' ')[1]
    if (id !== undefined) ledger.set(id, (ledger.get(id) ?? 0) + 1)
  }
  return ({ id, server }) => (server === 'tools' ? tools : ledger).get(id) ?? 0
}
