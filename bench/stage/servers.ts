import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import type { Revision } from '../echo/dialect.ts'
import type { Target } from '../load/plan.ts'
import type { Castellan } from './castellan.ts'
import { type Child, startChild } from './child.ts'

const echo = {
  http: new URL('../echo/http.ts', import.meta.url).pathname,
  stdio: new URL('../echo/stdio.ts', import.meta.url).pathname,
}

/** The echo server over HTTP in a process of its own, with so many tools. */
export function startEcho(revision: Revision, tools = 1): Promise<Child> {
  return startChild({ program: echo.http, args: [revision, String(tools)] })
}

/** How the echo server over stdio is started. */
export function echoCommand(revision: Revision): Extract<Target, { over: 'stdio' }> {
  return { over: 'stdio', command: process.execPath, args: [echo.stdio, revision] }
}

/** How the server that the protocol's authors test clients with is started. */
export function everythingCommand(): Extract<Target, { over: 'stdio' }> {
  const manifest = createRequire(import.meta.url).resolve('@modelcontextprotocol/server-everything/package.json')
  return { over: 'stdio', command: process.execPath, args: [join(dirname(manifest), 'dist', 'index.js'), 'stdio'] }
}

/** Registers a server, trusted, so that what it says of its tools counts; resolves with its id once it is known what it offers. */
export async function register(
  castellan: Castellan,
  name: string,
  server: Child | Extract<Target, { over: 'stdio' }>,
): Promise<string> {
  const connection =
    'url' in server
      ? { transport: 'streamable-http', url: server.url }
      : { transport: 'stdio', command: server.command, args: server.args }
  const { id } = await castellan.ask<{ id: string }>('POST', '/api/mcp-servers', { name, ...connection, trusted: true })
  return id
}

export function mcpOf(castellan: Castellan, key: string, path = '/mcp'): Target {
  return { over: 'http', url: castellan.url + path, key }
}
