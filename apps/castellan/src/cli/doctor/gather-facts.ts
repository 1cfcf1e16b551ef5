import { ApiProblem, type CastellanClient, Unreachable } from '@castellan/sdk'
import type { Connection } from '../connection.ts'
import { everything } from '../everything.ts'
import type { Facts } from './control-plane.ts'

/** Asks a control plane for everything the key may see. Throws when there is none, or the key is no good. */
export async function gatherFacts({ client, url, inTenant }: Connection): Promise<Facts> {
  const { version } = await client.operations.health()
  const servers = await everything(page => client.servers.list(page))
  const policies = await policiesOf(client)
  const engines = (await ifAllowed(client.policies.engines()))?.engines ?? null
  // Where nobody asks them, they need not be valid.
  const readable =
    policies !== null && policies !== 'missing' && engines?.some(({ name }) => name === 'cedar') !== false
  return {
    url,
    version,
    ...(await readiness(client)),
    servers: await Promise.all(
      servers.map(async server => ({ server, catalog: await ifAllowed(client.servers.capabilities(server.id)) })),
    ),
    pins: await ifAllowed(everything(page => client.pins.list({ ...page, state: 'quarantined' }))),
    grants: await ifAllowed(everything(page => client.grants.list(page))),
    principals: await ifAllowed(everything(page => client.principals.list(page))),
    keys: await ifAllowed(everything(page => client.keys.list(page))),
    engines,
    policies,
    policyProblems: readable ? ((await ifAllowed(client.policies.check(policies.files)))?.problems ?? []) : [],
    guardrails: await ifAllowed(client.guardrails.get()),
    models: await ifAllowed(everything(page => client.models.providers(page))),
    providers: (await ifAllowed(client.guardrails.health()))?.providers ?? null,
    subscriptions: await ifAllowed(everything(page => client.subscriptions.list(page))),
    triggers: await ifAllowed(everything(page => client.triggers.list(page))),
    tenants: await tenantsOf(client, inTenant),
  }
}

async function tenantsOf(client: CastellanClient, inTenant: Connection['inTenant']): Promise<Facts['tenants']> {
  const tenants = await ifAllowed(everything(page => client.tenants.list(page)))
  if (tenants === null) return null
  return Promise.all(
    tenants.map(async tenant => {
      const policies = await policiesOf(inTenant(tenant.id))
      return { tenant, hasPolicies: policies === null ? null : policies !== 'missing' }
    }),
  )
}

async function readiness(client: CastellanClient): Promise<Pick<Facts, 'notReady' | 'impaired'>> {
  try {
    const { ready, reason, impaired } = await client.operations.ready()
    return { notReady: ready ? null : (reason ?? 'it does not say why'), impaired }
  } catch (error) {
    if (error instanceof Unreachable || error instanceof ApiProblem)
      return { notReady: 'it says that it is not ready', impaired: [] }
    throw error
  }
}

async function policiesOf(client: CastellanClient): Promise<Facts['policies']> {
  try {
    return await client.policies.get()
  } catch (error) {
    if (error instanceof ApiProblem && error.status === 404) return 'missing'
    if (isRefusal(error)) return null
    throw error
  }
}

async function ifAllowed<T>(answer: Promise<T>): Promise<T | null> {
  return answer.catch((error: unknown) => {
    if (isRefusal(error)) return null
    throw error
  })
}

/** Not the key itself, which was good for the list of servers before: a tenant or a thing that is not for it. */
function isRefusal(error: unknown): boolean {
  return error instanceof ApiProblem && (error.status === 401 || error.status === 403)
}
