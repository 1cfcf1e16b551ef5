import type {
  Catalog,
  Grant,
  GuardrailProvider,
  Guardrails,
  Key,
  ModelProvider,
  Pin,
  PolicyEngine,
  PolicyProblem,
  PolicySet,
  Principal,
  Server,
  Subscription,
  Tenant,
  Trigger,
} from '@castellan/contracts'
import { isLoopback } from '../../kernel/index.ts'
import type { Finding } from './finding.ts'
import { openPermits } from './policies.ts'

/** What a control plane says of itself; null is what the key may not see. */
export interface Facts {
  readonly url: string
  readonly version: string
  /** Why it takes no work, null when it does. */
  readonly notReady: string | null
  /** What goes worse than it could. */
  readonly impaired: readonly string[]
  readonly servers: readonly { readonly server: Server; readonly catalog: Catalog | null }[]
  /** What waits for review. */
  readonly pins: readonly Pin[] | null
  readonly grants: readonly Grant[] | null
  readonly principals: readonly Principal[] | null
  readonly keys: readonly Key[] | null
  /** Who decides about calls. */
  readonly engines: readonly PolicyEngine[] | null
  /** `missing` when the tenant has none. */
  readonly policies: PolicySet | 'missing' | null
  readonly policyProblems: readonly PolicyProblem[]
  /** What the guardrails do about what they find. */
  readonly guardrails: Guardrails | null
  /** Who offers models to agents. */
  readonly models: readonly ModelProvider[] | null
  /** Who looks at texts. */
  readonly providers: readonly GuardrailProvider[] | null
  readonly subscriptions: readonly Subscription[] | null
  readonly triggers: readonly Trigger[] | null
  /** `hasPolicies` is null for a tenant whose policies the key may not see. */
  readonly tenants: readonly { readonly tenant: Tenant; readonly hasPolicies: boolean | null }[] | null
}

/** Everything that could be better about a control plane. Pure. */
export function examineControlPlane(facts: Facts, now: Date): Finding[] {
  return [
    ...examineItself(facts),
    ...(facts.engines ?? []).flatMap(examineEngine),
    // Policies that nobody asks say nothing about what may happen.
    ...(facts.engines?.some(({ name }) => name === 'cedar') === false ? [] : examinePolicies(facts)),
    ...(facts.guardrails ? examineGuardrails(facts.guardrails) : []),
    ...(facts.models ?? []).flatMap(examineModels),
    ...(facts.providers ?? []).flatMap(each => examineProvider(each, facts.guardrails?.mode)),
    ...(facts.subscriptions ?? []).flatMap(examineSubscription),
    ...(facts.triggers ?? []).flatMap(examineTrigger),
    ...facts.servers.flatMap(({ server, catalog }) => examineServer(server, catalog)),
    ...examinePins(facts),
    ...examineConfinement(facts.servers.map(({ server }) => server)),
    ...examineGrants(facts),
    ...examineKeys(facts, now),
    ...examineSight(facts),
  ]
}

function examineItself({ url, notReady, impaired }: Facts): Finding[] {
  const findings: Finding[] = impaired.map(what => ({
    severity: 'warning',
    what,
    why: 'it works on, only slower than it could',
    fix: 'look at what it needs, and at its settings; nothing here has to be restarted',
  }))
  if (notReady !== null) {
    findings.push({
      severity: 'critical',
      what: `it takes no work now: ${notReady}`,
      why: 'effects are refused until the journal can be written',
      fix: 'look at the disk or the database, then at the log',
    })
  }
  const { protocol, hostname } = new URL(url)
  if (protocol === 'http:' && !isLoopback(hostname)) {
    findings.push({
      severity: 'warning',
      what: `it is reached over ${url}`,
      why: 'keys travel readable',
      fix: 'put TLS in front of it and use https',
    })
  }
  return findings
}

function examineModels({ name, kind, trouble }: ModelProvider): Finding[] {
  if (trouble === null) return []
  return [
    {
      severity: 'warning',
      what: `the provider of models ${name} (${kind}) cannot be asked: ${trouble}`,
      why: 'agents that need its models fail, or go on with others',
      fix: `look at models.providers.${name} in the settings`,
    },
  ]
}

function examineSubscription({ name, paused, standing }: Subscription): Finding[] {
  const { behind, dead_letters: dead, failures, trouble } = standing
  const findings: Finding[] = []
  if (paused !== null) {
    findings.push({
      severity: 'advice',
      what: `the subscription ${name} is paused: ${paused.why}`,
      why: 'what it wants waits in the journal',
      fix: `castellan subscriptions resume ${name}`,
    })
  } else if (failures >= MANY_FAILURES) {
    findings.push({
      severity: 'warning',
      what: `the subscription ${name} failed ${failures} times in a row: ${trouble ?? 'nobody knows why'}`,
      why: 'entries wait, and become dead letters when they waited too long',
      fix: `look at where it leads: castellan subscriptions show ${name}`,
    })
  } else if (behind > FAR_BEHIND) {
    findings.push({
      severity: 'warning',
      what: `the subscription ${name} is ${behind} entries behind`,
      why: 'whoever listens there learns late of what happens',
      fix: 'let more deliveries go at once (concurrency), or answer them faster',
    })
  }
  if (dead > 0) {
    findings.push({
      severity: 'warning',
      what: `${dead} ${dead === 1 ? 'entry' : 'entries'} never reached the subscription ${name}`,
      why: 'nobody tries again by themselves',
      fix: `castellan dead-letters list, then castellan subscriptions redrive ${name}`,
    })
  }
  return findings
}

function examineTrigger({ name, enabled, standing }: Trigger): Finding[] {
  const { failed, kept, stalled, trouble } = standing
  if (!enabled) {
    return [
      {
        severity: 'advice',
        what: `the trigger ${name} is disabled`,
        why: 'what it is for is passed over',
        fix: `castellan triggers enable ${name}, or remove it`,
      },
    ]
  }
  if (stalled) {
    return [
      {
        severity: 'critical',
        what: `the trigger ${name} stands still: ${kept} of its failures are kept, as many as may be`,
        why: 'what it is for waits, webhooks are refused, and times pass without a run',
        fix: `castellan triggers failures ${name}, then castellan triggers redrive ${name} once it is mended, or castellan triggers drop ${name} OFFSET`,
      },
    ]
  }
  if (failed < MANY_FAILURES || trouble === null) return []
  return [
    {
      severity: 'warning',
      what: `the trigger ${name} has failed ${failed} times, and started nothing since: ${trouble}`,
      why: 'what happens meanwhile starts no run',
      fix: `castellan triggers failures ${name}, and once it is mended castellan triggers redrive ${name}`,
    },
  ]
}

const MANY_FAILURES = 5
/** Entries. */
const FAR_BEHIND = 10_000

function examineEngine({ name, fail_open, trouble }: PolicyEngine): Finding[] {
  const findings: Finding[] = []
  if (fail_open) {
    findings.push({
      severity: 'warning',
      what: `FAIL OPEN: every call is allowed by ${name} while it gives no answer`,
      why: 'whoever can cut it off, or make it slow, does with all granted tools whatever they like',
      fix: 'take policy.opa.fail_open out of the settings and restart',
    })
  }
  if (trouble !== null) {
    findings.push({
      severity: 'critical',
      what: `the policy engine ${name} has trouble: ${trouble}`,
      why: fail_open ? 'calls may be allowed now without being judged' : 'what it cannot decide is denied',
      fix: `look at the settings policy.${name.replace('-', '_')}, and at ${name} itself; nothing here has to be restarted`,
    })
  }
  return findings
}

function examineGuardrails({ mode, rules, mixing }: Guardrails): Finding[] {
  const findings: Finding[] = []
  if (mode === 'advisory') {
    findings.push({
      severity: 'warning',
      what: 'the guardrails only take notes',
      why: 'secrets leave and orders in what tools answer reach the models',
      fix: 'castellan guardrails set, with mode: mixed, and rules for the tools that need something else',
    })
  }
  if (rules.some(({ scan, tools }) => !scan && tools.some(pattern => /^\*+(?:\/\**)?$/.test(pattern)))) {
    findings.push({
      severity: 'warning',
      what: 'a rule of the guardrails has the texts of no tool looked at',
      why: 'secrets leave and orders in what tools answer reach the models',
      fix: 'castellan guardrails set, with the rule for the tools that need it',
    })
  }
  if (mixing === 'allow') {
    findings.push({
      severity: 'advice',
      what: 'sessions go on after they have read untrusted and confidential things',
      why: 'what tells a model to send data away then finds the data and the way',
      fix: 'castellan guardrails set, with mixing: approve',
    })
  }
  return findings
}

function examineProvider(
  { name, available, external }: GuardrailProvider,
  mode: Guardrails['mode'] | undefined,
): Finding[] {
  const why =
    mode === 'hard_gate'
      ? 'whatever it would look at is blocked, as hard_gate demands'
      : 'texts pass without having been looked at by it'
  if (external?.missing.length) {
    return external.missing.map(each => ({
      severity: 'warning',
      what: `the guardrail provider ${name} cannot work: ${each.replace(/: npm .*/, '')}`,
      why,
      fix: /npm .*/.exec(each)?.[0] ?? 'install it; nothing here has to be restarted',
    }))
  }
  if (available) return []
  return [
    {
      severity: 'warning',
      what: `the guardrail ${external ? 'provider' : 'detector'} ${name} does not work${external?.last_failure ? `: ${external.last_failure.why}` : ''}`,
      why,
      fix: external
        ? `look at the setting guardrails.providers.${name}, and at what it leads to`
        : 'look for "bug" in the log, and tell whoever makes this',
    },
  ]
}

function examinePolicies({ policies, policyProblems, tenants }: Facts): Finding[] {
  const findings: Finding[] = []
  // Who may see all tenants finds this one among them.
  if (policies === 'missing' && tenants === null) {
    findings.push({
      severity: 'warning',
      what: 'this tenant has no policies',
      why: 'without a policy everything is denied',
      fix: 'castellan apply -f castellan.yaml, with a section "policies"',
    })
  }
  if (policyProblems.length > 0) {
    findings.push({
      severity: 'critical',
      what: `the policies in force are not valid: ${policyProblems.map(({ file, message }) => `${file}: ${message}`).join('; ')}`,
      why: 'everything is denied until they are',
      fix: 'castellan policy check, then castellan apply',
    })
  }
  for (const [file, text] of Object.entries(policies !== null && policies !== 'missing' ? policies.files : {})) {
    for (const line of openPermits(text)) {
      findings.push({
        severity: 'critical',
        what: `${file}:${line} permits everything to everybody`,
        why: 'whatever is granted may then be done, effects that cannot be undone included',
        fix: `give the permit in ${file} a condition, such as: when { resource.effect == Effect::"read" }`,
      })
    }
  }
  for (const { tenant, hasPolicies } of tenants ?? []) {
    if (hasPolicies !== false || tenant.suspended) continue
    findings.push({
      severity: 'warning',
      what: `the tenant ${tenant.id} has no policies`,
      why: 'without a policy everything is denied',
      fix: `castellan apply -f castellan.yaml --tenant ${tenant.id}`,
    })
  }
  return findings
}

function examineServer(server: Server, catalog: Catalog | null): Finding[] {
  const findings: Finding[] = []
  const { name, health, authorization, endpoints = [], document } = server
  if (health.status === 'error' || health.status === 'inactive') {
    findings.push({
      severity: 'warning',
      what: `the server ${name} is ${health.status}: ${health.reason ?? 'for no known reason'}`,
      why: 'calls to its tools fail',
      fix: `castellan servers check ${name}, and castellan servers show ${name}`,
    })
  }
  if (health.status === 'needs_authorization' || authorization?.status === 'needed') {
    findings.push({
      severity: 'warning',
      what: `the server ${name} needs to be authorized: ${authorization?.reason ?? health.reason ?? 'for no known reason'}`,
      why: 'calls to its tools fail',
      fix: `castellan servers authorize ${name}`,
    })
  }
  const plain = [...endpoints, ...(document === undefined ? [] : [document])].filter(isPlainAndFar)
  if (plain.length > 0) {
    findings.push({
      severity: 'warning',
      what: `the server ${name} is reached without TLS: ${plain.join(', ')}`,
      why: 'arguments, results and the headers with its secrets travel readable and can be changed',
      fix: `castellan servers set ${name} --endpoint https://…`,
    })
  }
  if (server.pinning === 'off' || server.pinning === 'warn') {
    findings.push({
      severity: 'warning',
      what: `the definitions of the server ${name} are not held to what was reviewed: pinning is ${server.pinning}`,
      why: 'what it says of its tools tomorrow reaches models as it is, orders to them included',
      fix: `castellan servers set ${name} --pinning enforce`,
    })
  }
  if (server.trusted) {
    findings.push({
      severity: 'advice',
      what: `the server ${name} is trusted`,
      why: 'it says itself which of its tools are harmless, and policy believes it',
      fix: `castellan servers set ${name} --no-trust --effect <tool>=read, for the tools you have looked at`,
    })
  }
  const tools = catalog?.capabilities.filter(each => each.primitive_type === 'tool') ?? []
  if (!server.trusted && tools.length > 0 && tools.every(({ effect }) => effect === 'unsafe')) {
    findings.push({
      severity: 'advice',
      what: `all ${tools.length} tools of the server ${name} count as unsafe`,
      why: 'its own word is not believed, so only operators may use them and nothing is retried',
      fix: `castellan servers set ${name} --effect ${tools[0]!.name}=read, for each tool that only reads`,
    })
  }
  if (catalog !== null && catalog.warnings.length > 0) {
    findings.push({
      severity: 'advice',
      what: `the server ${name} was not taken over as a whole: ${catalog.warnings.join('; ')}`,
      why: 'what is left out cannot be called',
      fix: `tell whoever makes it; castellan servers discover ${name} looks again`,
    })
  }
  return findings
}

function examinePins({ pins }: Facts): Finding[] {
  const enforced = (pins ?? []).filter(each => each.enforced)
  return [...Map.groupBy(enforced, ({ server }) => server)].map(([server, waiting]) => ({
    severity: 'warning',
    what: `${waiting.length === 1 ? 'a definition' : `${waiting.length} definitions`} of the server ${server} wait${waiting.length === 1 ? 's' : ''} for review: ${waiting
      .slice(0, 5)
      .map(({ name }) => name)
      .join(', ')}${waiting.length > 5 ? ', …' : ''}`,
    why: 'nobody is offered them, and calls are denied, until a person approves or rejects them',
    fix: `castellan pins list --server ${server}, then castellan pins show <id>`,
  }))
}

function examineConfinement(servers: readonly Server[]): Finding[] {
  const findings: Finding[] = []
  const free = servers.filter(({ transport, sandbox }) => transport === 'stdio' && sandbox === undefined)
  if (free.length > 0) {
    findings.push({
      severity: 'advice',
      what: `${free.length === 1 ? 'a server runs' : `${free.length} servers run`} without a sandbox: ${free.map(({ name }) => name).join(', ')}`,
      why: 'its process may read, change and send whatever the user of the control plane may',
      fix: `castellan servers set ${free[0]!.name} --sandbox strict, or --sandbox standard when it needs the network`,
    })
  }
  const loose = servers.filter(({ egress }) => egress?.allow_private === true)
  if (loose.length > 0) {
    findings.push({
      severity: 'advice',
      what: `connections may go to addresses that are not public for ${loose.map(({ name }) => name).join(', ')}`,
      why: 'what it names, or its name leads to, may be this machine, its network, or where a cloud hands out keys',
      fix: `castellan servers set ${loose[0]!.name} --no-allow-private, with an endpoint that is an address, or a host of --allow-host`,
    })
  }
  return findings
}

function examineGrants({ grants }: Facts): Finding[] {
  const wide = (grants ?? []).filter(
    ({ to, server, name, primitive_type }) =>
      'role' in to && to.role === 'member' && server === '*' && name === '*' && primitive_type === 'tool',
  )
  if (wide.length === 0) return []
  return [
    {
      severity: 'warning',
      what: 'every tool of every server is granted to everybody',
      why: 'what a server adds tomorrow is granted, too; only policy stands in between',
      fix: 'grant by server or name: the section "grants" of castellan.yaml, then castellan apply --prune',
    },
  ]
}

function examineKeys({ keys, principals }: Facts, now: Date): Finding[] {
  const findings: Finding[] = []
  const living = (keys ?? []).filter(
    ({ revoked_at, expires_at }) =>
      revoked_at === null && (expires_at === null || Date.parse(expires_at) > now.getTime()),
  )
  const endless = living.filter(({ expires_at }) => expires_at === null)
  if (endless.length > 0) {
    findings.push({
      severity: 'advice',
      what: `${endless.length === 1 ? 'a key never ends' : `${endless.length} keys never end`}: ${endless.map(named).join(', ')}`,
      why: 'a key that leaked long ago still works',
      fix: 'castellan keys create --principal <name> --expires 90d, then castellan keys revoke <id>',
    })
  }
  const rolesOf = new Map((principals ?? []).map(({ id, roles }) => [id, roles]))
  for (const key of living) {
    if (!key.scopes.includes('admin') || rolesOf.get(key.principal)?.includes('admin') !== false) continue
    findings.push({
      severity: 'warning',
      what: `the key ${named(key)} has the scope admin, and its principal is no administrator`,
      why: 'it does nothing now, and everything on the day the principal becomes one',
      fix: `castellan keys revoke ${key.id}, and make one with the scopes it needs`,
    })
  }
  return findings
}

function examineSight({ pins, grants, principals, keys, policies, tenants, engines, providers }: Facts): Finding[] {
  const unseen = Object.entries({ pins, grants, principals, keys, policies, tenants, engines, providers }).filter(
    ([, value]) => value === null,
  )
  if (unseen.length === 0) return []
  return [
    {
      severity: 'advice',
      what: `this key may not see ${unseen.map(([name]) => name).join(', ')}, so they were not looked at`,
      why: 'a good grade says nothing about what was not looked at',
      fix: 'run castellan doctor with the key of an administrator',
    },
  ]
}

function isPlainAndFar(url: string): boolean {
  const parsed = URL.parse(url)
  return parsed !== null && ['http:', 'ws:'].includes(parsed.protocol) && !isLoopback(parsed.hostname)
}

function named({ name, id }: Key): string {
  return `${name} (${id})`
}
