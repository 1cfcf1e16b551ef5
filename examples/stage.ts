import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { ServerCreate } from '@castellan/contracts'
import { CastellanClient } from '@castellan/sdk'
import { castellanProcess } from '../tests/support/castellan-process.ts'

export interface Stage {
  readonly client: CastellanClient
  /** A folder of its own, gone afterwards. */
  readonly folder: string
  readonly say: (line: string) => void
}

const filesystem = join(
  dirname(createRequire(import.meta.url).resolve('@modelcontextprotocol/server-filesystem/package.json')),
  'dist/index.js',
)

/** A server of files that sees this folder and nothing else; its tools are `files__…`. */
export function filesIn(folder: string): ServerCreate {
  const command = process.execPath
  return { name: 'files', transport: 'stdio', command, args: [filesystem, folder], cwd: folder, trusted: true }
}

/** Has a story told on a control plane of its own, with these providers of models, and leaves nothing behind. */
export async function onStage(
  providers: Readonly<Record<string, unknown>>,
  story: (stage: Stage) => Promise<void>,
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'castellan-example-'))
  try {
    const config = join(folder, 'castellan.yaml')
    await writeFile(config, JSON.stringify({ settings: { models: { providers } } }))
    await using castellan = await castellanProcess(join(folder, 'data'), '--config', config)
    const client = new CastellanClient({ url: castellan.url, key: castellan.key })
    await story({ client, folder, say: line => console.log(line) })
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
