import type * as wire from '@castellan/contracts'
import { type ClientOptions, Http, type Query } from './http.ts'
import { events } from './tail.ts'

type Paging = { readonly after?: string; readonly limit?: number }

export interface JournalFilter {
  readonly topic?: string
  readonly stream?: string
  readonly principal?: string
  readonly correlation_id?: string
}

/** The REST API of a control plane, typed. Every method throws `ApiProblem` or `Unreachable`. */
export class CastellanClient {
  readonly #http: Http

  constructor(options: ClientOptions) {
    this.#http = new Http(options)
  }

  readonly servers = {
    list: (paging?: Paging) => this.#get<wire.List<wire.Server>>('/api/mcp-servers', paging),
    get: (id: string) => this.#get<wire.Server>(`/api/mcp-servers/${part(id)}`),
    create: (server: wire.ServerCreate) => this.#send<wire.Server>('POST', '/api/mcp-servers', server),
    update: (id: string, server: wire.ServerUpdate) =>
      this.#send<wire.Server>('PUT', `/api/mcp-servers/${part(id)}`, server),
    remove: (id: string) => this.#send<void>('DELETE', `/api/mcp-servers/${part(id)}`),
    check: (id: string) => this.#send<wire.Health>('POST', `/api/mcp-servers/${part(id)}/health-check`),
    /** Asks for an authorization; whoever opens the URL that comes back answers. */
    authorize: (id: string) => this.#send<wire.AuthorizationAsked>('POST', `/api/mcp-servers/${part(id)}/authorize`),
    /** Forgets the tokens of a server with OAuth. */
    unauthorize: (id: string) => this.#send<void>('DELETE', `/api/mcp-servers/${part(id)}/authorize`),
    discover: (id: string) => this.#send<wire.Catalog>('POST', `/api/mcp-servers/${part(id)}/discover`),
    capabilities: (id: string) => this.#get<wire.Catalog>(`/api/mcp-servers/${part(id)}/capabilities`),
  }

  readonly capabilities = {
    list: (query?: Paging & { server?: string; primitive_type?: wire.Capability['primitive_type']; q?: string }) =>
      this.#get<wire.List<wire.Capability>>('/api/capabilities', query),
  }

  readonly tools = {
    /** The tools that fit some words best, the best first; `definitions` asks for them whole. */
    search: (words: string, query?: { server?: string; limit?: number; definitions?: boolean }) =>
      this.#get<{ items: wire.FoundTool[] }>('/api/tools/search', { ...query, q: words }),
  }

  readonly grants = {
    list: (paging?: Paging) => this.#get<wire.List<wire.Grant>>('/api/grants', paging),
    create: (grant: wire.GrantInput) => this.#send<wire.Grant>('POST', '/api/grants', grant),
    remove: (id: string) => this.#send<void>('DELETE', `/api/grants/${part(id)}`),
  }

  readonly groups = {
    list: (paging?: Paging) => this.#get<wire.List<wire.Group>>('/api/groups', paging),
    get: (name: string) => this.#get<wire.Group>(`/api/groups/${part(name)}`),
    put: (name: string, group: wire.GroupInput) => this.#send<wire.Group>('PUT', `/api/groups/${part(name)}`, group),
    remove: (name: string) => this.#send<void>('DELETE', `/api/groups/${part(name)}`),
  }

  readonly limits = {
    list: (paging?: Paging) => this.#get<wire.List<wire.Limits>>('/api/limits', paging),
    put: (name: string, limits: wire.LimitsInput) =>
      this.#send<wire.Limits>('PUT', `/api/limits/${part(name)}`, limits),
    remove: (name: string) => this.#send<void>('DELETE', `/api/limits/${part(name)}`),
  }

  readonly policies = {
    get: () => this.#get<wire.PolicySet>('/api/policies'),
    put: (files: Readonly<Record<string, string>>) => this.#send<wire.PolicySet>('PUT', '/api/policies', { files }),
    check: (files: Readonly<Record<string, string>>) =>
      this.#send<{ problems: wire.PolicyProblem[] }>('POST', '/api/policies/check', { files }),
    engines: () => this.#get<{ engines: wire.PolicyEngine[] }>('/api/policies/engines'),
  }

  readonly guardrails = {
    scan: (text: string, options?: Omit<wire.GuardrailScanInput, 'text'>) =>
      this.#send<wire.GuardrailScan>('POST', '/api/guardrails/scan', { ...options, text }),
    health: () => this.#get<{ providers: wire.GuardrailProvider[] }>('/api/guardrails/health'),
  }

  readonly secrets = {
    put: (name: string, value: string) => this.#send<void>('PUT', `/api/secrets/${part(name)}`, { value }),
  }

  readonly tenants = {
    list: (paging?: Paging) => this.#get<wire.List<wire.Tenant>>('/api/tenants', paging),
    create: (tenant: { id: string; description?: string }) => this.#send<wire.Tenant>('POST', '/api/tenants', tenant),
    update: (id: string, change: { description?: string; suspended?: boolean }) =>
      this.#send<wire.Tenant>('PUT', `/api/tenants/${part(id)}`, change),
  }

  readonly principals = {
    list: (paging?: Paging) => this.#get<wire.List<wire.Principal>>('/api/principals', paging),
    create: (principal: wire.PrincipalInput) => this.#send<wire.Principal>('POST', '/api/principals', principal),
    update: (id: string, change: { name?: string; roles?: wire.Principal['roles'] }) =>
      this.#send<wire.Principal>('PUT', `/api/principals/${part(id)}`, change),
  }

  readonly keys = {
    list: (paging?: Paging) => this.#get<wire.List<wire.Key>>('/api/keys', paging),
    create: (key: wire.KeyInput) => this.#send<wire.NewKey>('POST', '/api/keys', key),
    revoke: (id: string) => this.#send<wire.Key>('DELETE', `/api/keys/${part(id)}`),
  }

  readonly calls = {
    /** Aborting the signal cancels the call. */
    create: (call: wire.CallInput, signal?: AbortSignal) =>
      this.#http.ask<wire.CallAnswer>('POST', '/api/calls', { body: call, signal }),
    list: (query?: Paging & { principal?: string; server?: string; outcome?: string; correlation_id?: string }) =>
      this.#get<wire.List<wire.CallRecord>>('/api/calls', query),
    get: (id: string) => this.#get<wire.CallDetail>(`/api/calls/${part(id)}`),
  }

  readonly journal = {
    list: (query?: JournalFilter & { after?: number; limit?: number }) =>
      this.#get<wire.List<wire.JournalEvent>>('/api/journal', query),
    /** Every entry after an offset, by default from now on, until the signal aborts. Goes on where a connection broke. */
    tail: (query: JournalFilter & { after?: number }, signal: AbortSignal) => events(this.#http, query, signal),
  }

  apply(input: wire.ApplyInput): Promise<wire.ApplyAnswer> {
    return this.#send('POST', '/api/apply', input)
  }

  readonly operations = {
    health: () => this.#get<{ status: 'ok'; version: string }>('/health'),
    ready: () => this.#get<{ ready: boolean; reason: string | null }>('/ready'),
    metrics: () => this.#http.text('/metrics'),
  }

  #get<T>(path: string, query?: Query): Promise<T> {
    return this.#http.ask<T>('GET', path, { query })
  }

  #send<T>(method: string, path: string, body?: unknown): Promise<T> {
    return this.#http.ask<T>(method, path, { body })
  }
}

/** Throws a `TypeError` for what would make another path of it: URLs resolve dots even when they are encoded. */
function part(text: string): string {
  if (/^\.{0,2}$/.test(text)) throw new TypeError(`"${text}" is no id or name`)
  return encodeURIComponent(text)
}
