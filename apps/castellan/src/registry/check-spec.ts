import { isAbsolute } from 'node:path'
import { fault } from '../kernel/index.ts'
import { SERVER_NAME } from './names.ts'
import type { Transport } from './server.ts'
import type { ConnectionSpec, ServerSpec } from './server-spec.ts'

/** Throws `REQUEST_INVALID` for what types cannot say: names, commands and URLs that cannot be used. */
export function checkSpec(spec: ServerSpec): void {
  if (!SERVER_NAME.test(spec.name)) {
    throw invalid(
      `the server name "${spec.name}" is not allowed; use 1 to 24 of a-z, 0-9 and single hyphens, such as "files"`,
    )
  }
  const { connection } = spec
  if (connection.transport === 'stdio') checkCommand(connection)
  else checkEndpoints(connection)
}

function checkCommand({ command, args, replicas }: Extract<ConnectionSpec, { transport: 'stdio' }>): void {
  if (command.trim() === '') throw invalid('the command is empty')
  if ([command, ...args].some(part => part.includes('\0'))) throw invalid('the command holds a NUL character')
  if (!Number.isInteger(replicas) || replicas < 1 || replicas > 16) throw invalid('replicas must be 1 to 16')
}

function checkEndpoints(connection: Exclude<ConnectionSpec, { transport: 'stdio' }>): void {
  if (connection.transport === 'openapi') {
    if (!isAbsolute(connection.document)) checkUrl(connection.document, web, 'document')
  } else if (connection.endpoints.length === 0) {
    throw invalid('at least one endpoint is needed')
  }
  if (new Set(connection.endpoints).size < connection.endpoints.length) throw invalid('an endpoint is given twice')
  for (const endpoint of connection.endpoints) checkUrl(endpoint, schemes[connection.transport], 'endpoint')
}

const web = ['http:', 'https:']

/** What the URLs of a transport begin with. */
const schemes: Readonly<Record<Exclude<Transport, 'stdio'>, readonly string[]>> = {
  'streamable-http': web,
  sse: web,
  websocket: ['ws:', 'wss:'],
  'http-adapter': web,
  openapi: web,
}

function checkUrl(text: string, schemes: readonly string[], what: string): void {
  const url = URL.parse(text)
  if (!url || !schemes.includes(url.protocol)) {
    throw invalid(
      `the ${what} "${withoutSecrets(text)}" is not a URL with ${schemes.map(scheme => `${scheme}//`).join(' or ')}`,
    )
  }
  if (url.username || url.password) {
    throw invalid(
      `the ${what} "${withoutSecrets(text)}" holds credentials; put them into a header, where they are kept sealed`,
    )
  }
}

function withoutSecrets(url: string): string {
  return url.replace(/\/\/[^/]*@/, '//…@').slice(0, 200)
}

function invalid(why: string) {
  return fault('REQUEST_INVALID', { why })
}
