import type * as wire from '@castellan/contracts'
import { type ClientOptions, Http, type Query } from './http.ts'
import { lines } from './lines.ts'
import { ApiProblem, Unreachable } from './problem.ts'
import { Session } from './session.ts'
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
    pins: (id: string, paging?: Paging) => this.#get<wire.List<wire.Pin>>(`/api/mcp-servers/${part(id)}/pins`, paging),
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

  readonly pins = {
    list: (query?: Paging & { state?: wire.Pin['state']; server?: string }) =>
      this.#get<wire.List<wire.Pin>>('/api/pins', query),
    /** With the definitions: what was pinned, and what waits. */
    get: (id: string) => this.#get<wire.PinDetail>(`/api/pins/${part(id)}`),
    /** Lets the definition with this digest be offered and called. */
    approve: (id: string, digest: string) =>
      this.#send<wire.PinDetail>('POST', `/api/pins/${part(id)}/approve`, { digest }),
    /** Says no to the definition with this digest, or takes back that it was approved. */
    reject: (id: string, digest: string) =>
      this.#send<wire.PinDetail>('POST', `/api/pins/${part(id)}/reject`, { digest }),
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

  readonly budgets = {
    list: (paging?: Paging) => this.#get<wire.List<wire.Budget>>('/api/budgets', paging),
    get: (name: string) => this.#get<wire.Budget>(`/api/budgets/${part(name)}`),
    put: (name: string, budget: wire.BudgetInput) =>
      this.#send<wire.Budget>('PUT', `/api/budgets/${part(name)}`, budget),
    remove: (name: string) => this.#send<void>('DELETE', `/api/budgets/${part(name)}`),
    usage: (name: string, paging?: Paging) => this.#get<wire.BudgetUsage>(`/api/budgets/${part(name)}/usage`, paging),
  }

  readonly prices = {
    list: (paging?: Paging) => this.#get<wire.List<wire.Price>>('/api/prices', paging),
    put: (name: string, price: wire.PriceInput) => this.#send<wire.Price>('PUT', `/api/prices/${part(name)}`, price),
    remove: (name: string) => this.#send<void>('DELETE', `/api/prices/${part(name)}`),
    /** What models cost, with the table that came with the control plane. */
    models: () => this.#get<wire.ModelPrices>('/api/model-prices'),
  }

  readonly models = {
    /** Who offers models, and what keeps them from being asked. */
    providers: (paging?: Paging) => this.#get<wire.List<wire.ModelProvider>>('/api/model-providers', paging),
  }

  readonly approvals = {
    /** Newest first; of members, their own. */
    list: (query?: Paging & { state?: wire.ApprovalState }) =>
      this.#get<wire.List<wire.Approval>>('/api/approvals', query),
    get: (id: string) => this.#get<wire.ApprovalDetail>(`/api/approvals/${part(id)}`),
    approve: (id: string, reason?: string) =>
      this.#send<wire.Approval>('POST', `/api/approvals/${part(id)}/approve`, { reason }),
    /** One refusal is enough. */
    reject: (id: string, reason?: string) =>
      this.#send<wire.Approval>('POST', `/api/approvals/${part(id)}/reject`, { reason }),
    /** Takes back what one asked for, or agreed to and was not used. */
    cancel: (id: string, reason?: string) =>
      this.#send<wire.Approval>('POST', `/api/approvals/${part(id)}/cancel`, { reason }),
  }

  readonly approvalRules = {
    list: (paging?: Paging) => this.#get<wire.List<wire.ApprovalRule>>('/api/approval-rules', paging),
    put: (name: string, rule: wire.ApprovalRuleInput) =>
      this.#send<wire.ApprovalRule>('PUT', `/api/approval-rules/${part(name)}`, rule),
    remove: (name: string) => this.#send<void>('DELETE', `/api/approval-rules/${part(name)}`),
  }

  readonly policies = {
    get: () => this.#get<wire.PolicySet>('/api/policies'),
    put: (files: Readonly<Record<string, string>>) => this.#send<wire.PolicySet>('PUT', '/api/policies', { files }),
    check: (files: Readonly<Record<string, string>>) =>
      this.#send<{ problems: wire.PolicyProblem[] }>('POST', '/api/policies/check', { files }),
    engines: () => this.#get<{ engines: wire.PolicyEngine[] }>('/api/policies/engines'),
    /** The newest first. */
    history: (paging?: Paging) => this.#get<wire.List<wire.PolicyVersion>>('/api/policies/history', paging),
    /** By number or digest. */
    version: (version: number | string) =>
      this.#get<wire.PolicyVersionDetail>(`/api/policies/history/${part(String(version))}`),
    /** Puts an earlier version in force again. */
    restore: (version: number | string) =>
      this.#send<wire.PolicySet>('POST', `/api/policies/history/${part(String(version))}/restore`),
    /** Tries policies on what was decided. Tells how far it is; the last line has the report, or the problem that ended it. */
    replay: (input: wire.ReplayInput, signal?: AbortSignal) => this.#replay(input, signal),
  }

  readonly guardrails = {
    get: () => this.#get<wire.Guardrails>('/api/guardrails'),
    put: (guardrails: wire.GuardrailsInput) => this.#send<wire.Guardrails>('PUT', '/api/guardrails', guardrails),
    scan: (text: string, options?: Omit<wire.GuardrailScanInput, 'text'>) =>
      this.#send<wire.GuardrailScan>('POST', '/api/guardrails/scan', { ...options, text }),
    health: () => this.#get<{ providers: wire.GuardrailProvider[] }>('/api/guardrails/health'),
  }

  readonly agents = {
    list: (paging?: Paging) => this.#get<wire.List<wire.Agent>>('/api/agents', paging),
    /** By id or name. */
    get: (id: string) => this.#get<wire.Agent>(`/api/agents/${part(id)}`),
    create: (agent: wire.AgentInput) => this.#send<wire.Agent>('POST', '/api/agents', agent),
    /** As a whole; runs that have begun finish as they began. */
    replace: (id: string, agent: wire.AgentInput) => this.#send<wire.Agent>('PUT', `/api/agents/${part(id)}`, agent),
    assignTools: (id: string, tools: readonly wire.AssignedTool[]) =>
      this.#send<wire.Agent>('POST', `/api/agents/${part(id)}/assigned-mcp-tools`, { assigned_mcp_tools: tools }),
    remove: (id: string) => this.#send<void>('DELETE', `/api/agents/${part(id)}`),
    /** Has it do something, and waits for the answer; the run goes on when nobody waits any more. */
    execute: (wish: wire.ExecuteAgent) => this.#execute<wire.AgentExecution>('/api/agent-execution/execute', wish),
    /** Has it do something, and does not wait. */
    start: (id: string, wish: wire.StartAgent) => this.#send<wire.Run>('POST', `/api/agents/${part(id)}/runs`, wish),
  }

  readonly teams = {
    list: (paging?: Paging) => this.#get<wire.List<wire.Team>>('/api/teams', paging),
    /** By id or name. */
    get: (id: string) => this.#get<wire.Team>(`/api/teams/${part(id)}`),
    create: (team: wire.TeamInput) => this.#send<wire.Team>('POST', '/api/teams', team),
    /** As a whole; runs that have begun finish as they began. */
    replace: (id: string, team: wire.TeamInput) => this.#send<wire.Team>('PUT', `/api/teams/${part(id)}`, team),
    remove: (id: string) => this.#send<void>('DELETE', `/api/teams/${part(id)}`),
    /** Has it do something, and waits for the answer; the run goes on when nobody waits any more. */
    execute: (id: string, wish: wire.ExecuteTeam) =>
      this.#execute<wire.TeamExecution>(`/api/teams/${part(id)}/execute`, wish),
    /** Has it do something, and does not wait. */
    start: (id: string, wish: wire.StartTeam) => this.#send<wire.Run>('POST', `/api/teams/${part(id)}/runs`, wish),
  }

  readonly workflows = {
    list: (paging?: Paging) => this.#get<wire.List<wire.Workflow>>('/api/workflows', paging),
    /** By id or name. */
    get: (id: string) => this.#get<wire.Workflow>(`/api/workflows/${part(id)}`),
    create: (workflow: wire.WorkflowInput) => this.#send<wire.Workflow>('POST', '/api/workflows', workflow),
    /** As a whole; runs that have begun finish as they began. */
    put: (name: string, workflow: wire.WorkflowInput) =>
      this.#send<wire.Workflow>('PUT', `/api/workflows/${part(name)}`, workflow),
    remove: (id: string) => this.#send<void>('DELETE', `/api/workflows/${part(id)}`),
    /** What is wrong with one, and where; nothing is kept. */
    validate: (workflow: wire.WorkflowInput) =>
      this.#send<wire.WorkflowCheck>('POST', '/api/workflows/validate', workflow),
    /** Runs one, kept or not, and waits for its end; the run goes on when nobody waits any more. */
    execute: (wish: wire.ExecuteWorkflow) => this.#execute<wire.WorkflowExecution>('/api/workflows/execute', wish),
    /** Runs one, and does not wait. */
    start: (id: string, wish: wire.StartWorkflow = {}) =>
      this.#send<wire.Run>('POST', `/api/workflows/${part(id)}/runs`, wish),
  }

  readonly runs = {
    /** Newest first; of members, their own. */
    list: (paging?: Paging & Partial<Pick<wire.Run, 'kind' | 'state' | 'name'>> & { parent?: string }) =>
      this.#get<wire.List<wire.Run>>('/api/runs', paging),
    get: (id: string) => this.#get<wire.Run>(`/api/runs/${part(id)}`),
    lines: (id: string, paging?: { after?: number; limit?: number }) =>
      this.#get<{ items: wire.RunLine[]; next: number | null }>(`/api/runs/${part(id)}/lines`, paging),
    cancel: (id: string) => this.#send<wire.Run>('POST', `/api/runs/${part(id)}/cancel`),
    pause: (id: string) => this.#send<wire.Run>('POST', `/api/runs/${part(id)}/pause`),
    resume: (id: string) => this.#send<wire.Run>('POST', `/api/runs/${part(id)}/resume`),
    /** Another run that begins as this one did, up to a line; what it did is not done again. */
    fork: (id: string, fork: wire.ForkRun) => this.#send<wire.Run>('POST', `/api/runs/${part(id)}/fork`, fork),
    /** Tells it something by a name. */
    signal: (id: string, name: string, payload: unknown = null) =>
      this.#send<wire.Run>('POST', `/api/runs/${part(id)}/signals/${part(name)}`, payload),
    /** Answers a question that it asks. */
    answer: (id: string, step: string, answer: wire.AnswerQuestion) =>
      this.#send<wire.Run>('POST', `/api/runs/${part(id)}/steps/${part(step)}/answer`, answer),
    /** Says what became of a call whose end nobody saw. */
    settle: (id: string, step: string, settlement: wire.SettleStep) =>
      this.#send<wire.Run>('POST', `/api/runs/${part(id)}/steps/${part(step)}/settle`, settlement),
  }

  readonly sessions = {
    /** Newest first; of members, their own. */
    list: (paging?: Paging) => this.#get<wire.List<wire.Session>>('/api/sessions', paging),
    get: (id: string) => this.#get<wire.Session>(`/api/sessions/${part(id)}`),
    steps: (id: string, paging?: { after?: number; limit?: number }) =>
      this.#get<{ items: wire.SessionStep[]; next: number | null }>(`/api/sessions/${part(id)}/steps`, paging),
  }

  readonly reports = {
    /** As one value; a large one is better downloaded. */
    get: (scope: wire.ReportScope) => this.#get<wire.Report>('/api/reports', scope),
    /** As a file, in parts, with signs of how far it is. Whoever keeps the parts has a whole file when this ends without throwing. */
    download: (query: wire.ReportQuery, signal?: AbortSignal) => this.#download(query, signal),
  }

  /** Opens a session; at the end of an `await using` it is closed. */
  async startSession(wish: wire.SessionInput = {}): Promise<Session> {
    const opened = await this.#send<wire.SessionOpened>('POST', '/api/sessions', wish)
    const path = `/api/sessions/${part(opened.id)}`
    return new Session(opened, {
      step: (step, signal) => this.#http.ask<wire.SessionStep>('POST', `${path}/steps`, { body: step, signal }),
      close: () => this.#send<wire.Session>('DELETE', path),
    })
  }

  readonly secrets = {
    put: (name: string, value: string) => this.#send<void>('PUT', `/api/secrets/${part(name)}`, { value }),
    /** Lets a new master key take over; nothing stops meanwhile. */
    rotate: () => this.#send<wire.SecretRotation>('POST', '/api/secrets/rotate'),
  }

  readonly tenants = {
    list: (paging?: Paging) => this.#get<wire.List<wire.Tenant>>('/api/tenants', paging),
    create: (tenant: { id: string; description?: string }) => this.#send<wire.Tenant>('POST', '/api/tenants', tenant),
    update: (id: string, change: { description?: string; suspended?: boolean }) =>
      this.#send<wire.Tenant>('PUT', `/api/tenants/${part(id)}`, change),
    /** Sets what a tenant has, its budget included; null takes the budget away. */
    administer: (id: string, change: wire.TenantAdministration) =>
      this.#send<wire.TenantAdministered>('PUT', `/api/admin/tenants/${part(id)}`, change),
    budget: (id: string) => this.#get<wire.TenantBudget>(`/api/admin/tenants/${part(id)}/budget`),
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
    /** Aborting the signal cancels the call. Where a person has to agree first, that is waited for as many seconds as said. */
    create: (call: wire.CallInput, signal?: AbortSignal, { wait = 0 }: { readonly wait?: number } = {}) =>
      this.#http.ask<wire.CallAnswer>('POST', '/api/calls', {
        body: call,
        signal,
        ...(wait > 0 ? { headers: { prefer: `wait=${wait}` } } : {}),
      }),
    list: (query?: Paging & { principal?: string; server?: string; outcome?: string; correlation_id?: string }) =>
      this.#get<wire.List<wire.CallRecord>>('/api/calls', query),
    get: (id: string) => this.#get<wire.CallDetail>(`/api/calls/${part(id)}`),
    /** Why it was allowed or denied, and whether it would be today. */
    decision: (id: string) => this.#get<wire.CallDecision>(`/api/calls/${part(id)}/decision`),
  }

  readonly journal = {
    list: (query?: JournalFilter & { after?: number; limit?: number }) =>
      this.#get<wire.List<wire.JournalEvent>>('/api/journal', query),
    /** Every entry after an offset, by default from now on, until the signal aborts. Goes on where a connection broke. */
    tail: (query: JournalFilter & { after?: number }, signal: AbortSignal) => events(this.#http, query, signal),
  }

  readonly events = {
    /** Writes an event of one's own into the journal; under one id, once. */
    publish: (event: wire.EventInput) => this.#send<wire.JournalEvent>('POST', '/api/events', event),
  }

  readonly subscriptions = {
    list: (paging?: Paging) => this.#get<wire.List<wire.Subscription>>('/api/subscriptions', paging),
    /** By id or name. */
    get: (id: string) => this.#get<wire.Subscription>(`/api/subscriptions/${part(id)}`),
    create: (subscription: wire.SubscriptionCreate) =>
      this.#send<wire.Subscription>('POST', '/api/subscriptions', subscription),
    /** As a whole; it goes on where it is. */
    replace: (id: string, subscription: wire.SubscriptionInput) =>
      this.#send<wire.Subscription>('PUT', `/api/subscriptions/${part(id)}`, subscription),
    remove: (id: string) => this.#send<void>('DELETE', `/api/subscriptions/${part(id)}`),
    pause: (id: string, reason?: string) =>
      this.#send<wire.Subscription>('POST', `/api/subscriptions/${part(id)}/pause`, { reason }),
    resume: (id: string) => this.#send<wire.Subscription>('POST', `/api/subscriptions/${part(id)}/resume`),
    /** What has not arrived yet, by offset. */
    deliveries: (id: string, paging?: Paging) =>
      this.#get<wire.List<wire.Delivery>>(`/api/subscriptions/${part(id)}/deliveries`, paging),
    /** Has dead letters of it delivered once more, the newest first: as many as a page, until `next` is null. */
    redriveDeadLetters: (id: string, paging?: Paging) =>
      this.#send<wire.Redriven>('POST', `/api/subscriptions/${part(id)}/redrive`, undefined, paging),
    /** Forgets dead letters of it in the same way. */
    dropDeadLetters: (id: string, paging?: Paging) =>
      this.#send<wire.Dropped>('DELETE', `/api/subscriptions/${part(id)}/dead-letters`, undefined, paging),
  }

  readonly triggers = {
    list: (paging?: Paging) => this.#get<wire.List<wire.Trigger>>('/api/triggers', paging),
    /** By id or name. */
    get: (id: string) => this.#get<wire.Trigger>(`/api/triggers/${part(id)}`),
    /** Acts for whoever makes it. */
    create: (trigger: wire.TriggerInput) => this.#send<wire.TriggerCreated>('POST', '/api/triggers', trigger),
    /** As a whole; from then on it acts for whoever did. */
    replace: (id: string, trigger: wire.TriggerInput) =>
      this.#send<wire.Trigger>('PUT', `/api/triggers/${part(id)}`, trigger),
    enable: (id: string) => this.#send<wire.Trigger>('POST', `/api/triggers/${part(id)}/enable`),
    /** What happens meanwhile is passed over. */
    disable: (id: string) => this.#send<wire.Trigger>('POST', `/api/triggers/${part(id)}/disable`),
    remove: (id: string) => this.#send<void>('DELETE', `/api/triggers/${part(id)}`),
    /** What happened and could not be made a run, newest first. */
    failures: (id: string, paging?: Paging) =>
      this.#get<wire.List<wire.TriggerFailure>>(`/api/triggers/${part(id)}/failures`, paging),
    /** Makes a run of one after all. */
    redrive: (id: string, offset: number) =>
      this.#send<wire.Run>('POST', `/api/triggers/${part(id)}/failures/${offset}/redrive`),
    /** Makes runs of them, the newest first, as far as they can be and there is room: as many as a page, until `next` is null. */
    redriveFailures: (id: string, paging?: Paging) =>
      this.#send<wire.Redriven>('POST', `/api/triggers/${part(id)}/redrive`, undefined, paging),
    /** What happened stays in the journal. */
    drop: (id: string, offset: number) => this.#send<void>('DELETE', `/api/triggers/${part(id)}/failures/${offset}`),
    /** All of them, in the same way. */
    dropFailures: (id: string, paging?: Paging) =>
      this.#send<wire.Dropped>('DELETE', `/api/triggers/${part(id)}/failures`, undefined, paging),
  }

  readonly deadLetters = {
    /** Newest first; of one subscription, or of all. */
    list: (query?: Paging & { subscription?: string }) =>
      this.#get<wire.List<wire.DeadLetter>>('/api/dead-letters', query),
    redrive: (id: string) => this.#send<void>('POST', `/api/dead-letters/${part(id)}/redrive`),
    drop: (id: string) => this.#send<void>('DELETE', `/api/dead-letters/${part(id)}`),
  }

  apply(input: wire.ApplyInput): Promise<wire.ApplyAnswer> {
    return this.#send('POST', '/api/apply', input)
  }

  readonly operations = {
    health: () => this.#get<{ status: 'ok'; version: string }>('/health'),
    ready: () => this.#get<{ ready: boolean; reason: string | null; impaired: string[] }>('/ready'),
    metrics: () => this.#http.text('/metrics'),
  }

  async *#download(
    query: wire.ReportQuery,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<
    Exclude<wire.ReportLine, { part: string } | { end: true } | { problem: wire.Problem }> | { bytes: Uint8Array }
  > {
    const response = await this.#http.open('GET', '/api/reports', { query: { ...query, progress: true }, signal })
    for await (const line of lines<wire.ReportLine>(response)) {
      if ('end' in line) return
      if ('problem' in line) throw new ApiProblem(line.problem)
      yield 'part' in line ? { bytes: bytesOf(line.part) } : line
    }
    throw new Unreachable('The answer broke off before the end of the report.')
  }

  async *#replay(input: wire.ReplayInput, signal: AbortSignal | undefined): AsyncGenerator<wire.ReplayLine> {
    yield* lines<wire.ReplayLine>(await this.#http.open('POST', '/api/policies/replay', { body: input, signal }))
  }

  #get<T>(path: string, query?: Query): Promise<T> {
    return this.#http.ask<T>('GET', path, { query })
  }

  /** Resolves for an execution that failed as well, which says so. */
  #execute<T>(path: string, wish: unknown): Promise<T> {
    return this.#http.ask<T>('POST', path, { body: wish, failures: true })
  }

  #send<T>(method: string, path: string, body?: unknown, query?: Query): Promise<T> {
    return this.#http.ask<T>(method, path, { body, query })
  }
}

function bytesOf(base64: string): Uint8Array<ArrayBuffer> {
  const text = atob(base64)
  const bytes = new Uint8Array(text.length)
  for (let at = 0; at < text.length; at++) bytes[at] = text.charCodeAt(at)
  return bytes
}

/** Throws a `TypeError` for what would make another path of it: URLs resolve dots even when they are encoded. */
function part(text: string): string {
  if (/^\.{0,2}$/.test(text)) throw new TypeError(`"${text}" is no id or name`)
  return encodeURIComponent(text)
}
