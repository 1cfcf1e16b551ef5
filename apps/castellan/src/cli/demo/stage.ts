import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import { CastellanClient } from '@castellan/sdk'
import { loadConfig } from '../../config/index.ts'
import type { World } from '../world.ts'
import { type ParcelService, startParcelService } from './parcel-service.ts'

/** Everything the demo needs around it: a control plane on embedded defaults, a folder, a service of its own. */
export interface Stage {
  readonly url: string
  /** The administrator. */
  readonly admin: CastellanClient
  readonly parcels: ParcelService
  /** The folder the filesystem server may touch. */
  readonly files: string
  /** An MCP client of a revision, with the key of someone. */
  connect(key: string, revision: '2025-11-25' | '2026-07-28'): Promise<Client>
  /** Ends everything that was started and removes what was written. */
  clear(): Promise<void>
}

export async function setStage(world: World): Promise<Stage> {
  const data = await mkdtemp(join(tmpdir(), 'castellan-demo-'))
  const files = await mkdtemp(join(tmpdir(), 'castellan-files-'))
  const endings = [() => rm(data, { recursive: true, force: true }), () => rm(files, { recursive: true, force: true })]
  const clients: Client[] = []
  const clear = async () => {
    await Promise.all(clients.map(client => client.close()))
    for (const end of endings.splice(0).reverse()) await end()
  }
  try {
    await writeFile(join(files, 'welcome.txt'), 'Nobody and nothing passes the gate without the castellan.\n')
    const parcels = await startParcelService()
    endings.push(() => parcels.stop())
    const flags = { data, port: '0', logLevel: 'error', modelsProviders: await actors(files) }
    const { config } = loadConfig({ flags, variables: {}, file: null })
    // A short rest, so that nobody has to wait to see a circuit heal.
    const breaker = { threshold: 5, rest: 500 }
    const running = await world.start(config, { variables: world.variables, write: world.err, breaker })
    endings.push(() => running.stop())
    const key = (await readFile(join(data, 'admin.key'), 'utf8')).trim()
    return {
      url: running.url,
      admin: new CastellanClient({ url: running.url, key }),
      parcels,
      files,
      clear,
      async connect(as, revision) {
        const mode = revision === '2025-11-25' ? 'legacy' : { pin: revision }
        const client = new Client({ name: 'demo', version: '1.0.0' }, { versionNegotiation: { mode } })
        const requestInit = { headers: { authorization: `Bearer ${as}` } }
        await client.connect(new StreamableHTTPClientTransport(new URL(`${running.url}/mcp`), { requestInit }))
        clients.push(client)
        return client
      },
    }
  } catch (error) {
    await clear()
    throw error
  }
}

/** Who plays the model: a script, since a demonstration must go the same way each time, and cost nothing. */
async function actors(files: string): Promise<string> {
  const script = join(files, 'script.json')
  const path = join(files, 'welcome.txt')
  const lines = [
    { when: { turn: 1 }, call: [{ tool: 'filesystem__read_text_file', args: { path } }] },
    { when: { contains: 'castellan' }, say: 'It says that nobody passes the gate without the castellan.' },
  ]
  await writeFile(script, JSON.stringify({ lines }))
  return JSON.stringify({ acting: { kind: 'scripted', script } })
}

/** Path of the program of an installed MCP server that nobody here wrote. */
export function programOf(server: 'everything' | 'filesystem' | 'memory'): string {
  const manifest = createRequire(import.meta.url).resolve(`@modelcontextprotocol/server-${server}/package.json`)
  return join(dirname(manifest), 'dist', 'index.js')
}
