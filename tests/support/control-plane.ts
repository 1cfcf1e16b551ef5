import assert from 'node:assert/strict'
import { readFile, mkdtemp, rm } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { start } from '../../apps/castellan/src/app/index.ts'
import { loadConfig } from '../../apps/castellan/src/config/index.ts'

/** A control plane of its own, in this process, with an administrator's key. */
export interface ControlPlane extends AsyncDisposable {
  readonly url: string
  readonly key: string
  readonly folder: string
  readonly log: readonly string[]
  /** Asks the REST API and gives the parsed answer; fails unless the status is as expected (2xx by default). */
  ask<T = Record<string, unknown>>(method: string, path: string, body?: unknown, expect?: number): Promise<T>
  stop(): Promise<void>
  /** Stops and starts again on the same data. */
  restart(): Promise<ControlPlane>
}

export async function controlPlane(
  flags: Readonly<Record<string, unknown>> = {},
  kept?: string,
  surroundings: Omit<Parameters<typeof start>[1], 'variables' | 'write'> = {},
): Promise<ControlPlane> {
  const folder = kept ?? (await mkdtemp(join(tmpdir(), 'castellan-e2e-')))
  const { config } = loadConfig({ flags: { port: '0', data: folder, ...flags }, variables: {}, file: null })
  const log: string[] = []
  const variables = { PATH: process.env.PATH, HOME: process.env.HOME }
  const running = await start(config, { ...surroundings, variables, write: line => void log.push(line) })
  const key = (await readFile(join(folder, 'admin.key'), 'utf8')).trim()
  return {
    url: running.url,
    key,
    folder,
    log,
    async ask<T>(method: string, path: string, body?: unknown, expect?: number): Promise<T> {
      const response = await fetch(`${running.url}${path}`, {
        method,
        headers: {
          authorization: `Bearer ${key}`,
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      })
      const text = await response.text()
      const asExpected = expect === undefined ? response.ok : response.status === expect
      assert.ok(asExpected, `${method} ${path} answered ${response.status}: ${text}`)
      return (text === '' ? {} : JSON.parse(text)) as T
    },
    stop: () => running.stop(),
    async restart() {
      await running.stop()
      return controlPlane(flags, folder, surroundings)
    },
    async [Symbol.asyncDispose]() {
      await running.stop()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** Path of the program of an installed MCP server. */
export function serverProgram(name: 'everything' | 'filesystem' | 'memory'): string {
  const require = createRequire(import.meta.url)
  const manifest = require.resolve(`@modelcontextprotocol/server-${name}/package.json`)
  return join(dirname(manifest), 'dist', 'index.js')
}

/** Wire form of a stdio server that runs one of the installed programs. */
export function stdioServer(name: 'everything' | 'filesystem' | 'memory', ...args: readonly string[]) {
  return { name, transport: 'stdio', command: process.execPath, args: [serverProgram(name), ...args], trusted: true }
}

/** Polls until something is so; fails with what was seen last, after so many milliseconds. */
export async function until<T>(
  what: string,
  look: () => Promise<T> | T,
  isSo: (seen: T) => boolean,
  patience = 20_000,
): Promise<T> {
  const deadline = Date.now() + patience
  for (;;) {
    const seen = await look()
    if (isSo(seen)) return seen
    assert.ok(Date.now() < deadline, `${what} did not come true; last seen: ${JSON.stringify(seen)}`)
    await new Promise(resolve => setTimeout(resolve, 25))
  }
}
