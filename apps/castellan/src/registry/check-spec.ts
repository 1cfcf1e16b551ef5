import { isAbsolute } from 'node:path'
import { namesSecret } from '../journal/index.ts'
import { fault, isLoopback } from '../kernel/index.ts'
import { SERVER_NAME } from './names.ts'
import { sandboxProblem } from './sandbox.ts'
import type { OAuthSettings, Transport } from './server.ts'
import type { ConnectionSpec, RemoteSpec, ServerSpec } from './server-spec.ts'

/** Throws `REQUEST_INVALID` for what types cannot say: names, commands and URLs that cannot be used. */
export function checkSpec(spec: ServerSpec): void {
  if (!SERVER_NAME.test(spec.name)) {
    throw invalid(
      `the server name "${spec.name}" is not allowed; use 1 to 24 of a-z, 0-9 and single hyphens, such as "files"`,
    )
  }
  const { connection } = spec
  if (connection.transport === 'stdio') checkCommand(connection)
  else if (connection.transport !== 'builtin') checkEndpoints(connection)
}

function checkCommand({ command, args, replicas, sandbox }: Extract<ConnectionSpec, { transport: 'stdio' }>): void {
  if (command.trim() === '') throw invalid('the command is empty')
  if ([command, ...args].some(part => part.includes('\0'))) throw invalid('the command holds a NUL character')
  if (!Number.isInteger(replicas) || replicas < 1 || replicas > 16) throw invalid('replicas must be 1 to 16')
  const problem = sandbox && sandboxProblem(sandbox)
  if (problem !== undefined) throw invalid(problem)
}

function checkEndpoints(connection: RemoteSpec): void {
  if (connection.transport === 'openapi') {
    if (!isAbsolute(connection.document)) checkUrl(connection.document, web, 'document')
  } else if (connection.endpoints.length === 0) {
    throw invalid('at least one endpoint is needed')
  }
  if (new Set(connection.endpoints).size < connection.endpoints.length) throw invalid('an endpoint is given twice')
  for (const endpoint of connection.endpoints) checkUrl(endpoint, schemes[connection.transport], 'endpoint')
  const wrong = connection.egress?.hosts?.find(host => !HOST.test(host))
  if (wrong !== undefined) {
    throw invalid(
      `"${wrong.slice(0, 200)}" is not a host; write a name or an address as in a URL, without a port, or *.example.com`,
    )
  }
  if ('auth' in connection && connection.auth !== undefined) checkAuth(connection.auth, connection)
}

/** As a URL has it once it was parsed, or all below a name. */
const HOST = /^(\*\.)?[a-z0-9_]([a-z0-9._-]*[a-z0-9_-])?$|^[0-9a-f:.]*:[0-9a-f:.]*$/

function checkAuth(auth: OAuthSettings<unknown>, { transport, endpoints, headers }: RemoteSpec): void {
  if (transport !== 'streamable-http' && transport !== 'sse') {
    throw invalid(`a server reached by ${transport} has no OAuth; it is for streamable-http and sse`)
  }
  if (new Set(endpoints.map(each => new URL(each).origin)).size > 1) {
    throw invalid('a server with OAuth has all its endpoints on one origin, since its token is for one place')
  }
  if (!endpoints.every(isConfidential)) {
    throw invalid('a server with OAuth is reached by https, or on this machine: its token would be read on the way')
  }
  if (Object.keys(headers).some(name => name.toLowerCase() === 'authorization')) {
    throw invalid('a server has either OAuth or a header Authorization, not both')
  }
  if (auth.clientSecret !== null && auth.clientId === null) throw invalid('a client secret needs its client id')
  if (auth.clientId !== null && auth.clientMetadataUrl !== null) {
    throw invalid('give either a client id or a client metadata URL, not both')
  }
  if (auth.issuer !== null) checkUrl(auth.issuer, web, 'issuer')
  if (auth.clientMetadataUrl !== null) {
    checkUrl(auth.clientMetadataUrl, ['https:'], 'client metadata URL')
    // Source: MCP 2025-11-25, client ID metadata documents.
    if (new URL(auth.clientMetadataUrl).pathname === '/') throw invalid('the client metadata URL needs a path')
  }
  const broken = auth.scopes.find(scope => !SCOPE.test(scope))
  if (broken !== undefined) throw invalid(`"${broken.slice(0, 100)}" is not a scope; scopes hold no blanks or quotes`)
}

/** `scope-token` of RFC 6749 section 3.3. */
const SCOPE = /^[\x21\x23-\x5b\x5d-\x7e]+$/

function isConfidential(endpoint: string): boolean {
  const { protocol, hostname } = new URL(endpoint)
  return protocol === 'https:' || isLoopback(hostname)
}

const web = ['http:', 'https:']

/** What the URLs of a transport begin with. */
const schemes: Readonly<Record<Exclude<Transport, 'builtin' | 'stdio'>, readonly string[]>> = {
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
  const telling = [...url.searchParams.keys()].find(namesSecret)
  if (telling !== undefined) {
    throw invalid(
      `the ${what} "${withoutSecrets(text)}" holds a secret in its query; put it into a header, where it is kept sealed`,
    )
  }
}

function withoutSecrets(url: string): string {
  return url
    .replace(/\/\/[^/]*@/, '//…@')
    .replace(/[?#].*$/s, '?…')
    .slice(0, 200)
}

function invalid(why: string) {
  return fault('REQUEST_INVALID', { why })
}
