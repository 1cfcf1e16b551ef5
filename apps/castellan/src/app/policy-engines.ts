import { join } from 'node:path'
import { cedarPolicyEngine } from '../adapters/policy-cedar/index.ts'
import type { Config, OpaConfig } from '../config/index.ts'
import type { BundleHolder, PolicyEngine, PolicyHolder } from '../gate/index.ts'
import { fault } from '../kernel/index.ts'
import type { SecretRef } from '../registry/index.ts'
import { readPem } from './read-pem.ts'

/** Who decides, and who holds the policies that tenants give us. */
export interface PolicyEngines {
  /** Each must allow. */
  readonly engines: readonly PolicyEngine[]
  readonly holder: PolicyHolder
  /** Where a bundle decides. */
  readonly bundles: BundleHolder | null
  /** Whether the policies that tenants give us decide anything. */
  readonly filesDecide: boolean
  /** Does now what the first decision would have to wait for. */
  readonly prepare: () => void
}

/** The engines of the settings. Throws `CONFIG_INVALID` for certificates that cannot be read. */
export async function policyEngines(
  { data, policy }: Pick<Config, 'data' | 'policy'>,
  needs: {
    readonly readSecret: (ref: SecretRef) => Promise<string>
    readonly onBundleRefused: (why: string) => void
  },
): Promise<PolicyEngines> {
  const cedar = policy.engines.includes('cedar')
    ? cedarPolicyEngine({ validTexts: join(data, 'valid-policies') })
    : null
  // Before anything is started that would have to be ended again.
  const tls = policy.opa ? certificates(policy.opa) : {}
  let bundles: BundleHolder | null = null
  const engines = await Promise.all(
    policy.engines.map(async (name): Promise<PolicyEngine> => {
      switch (name) {
        case 'cedar':
          return cedar!
        case 'opa': {
          const { opaPolicyEngine } = await import('../adapters/policy-opa/index.ts')
          const { url, path, timeout, failOpen, token } = policy.opa!
          const shown = token === null ? {} : { token: () => needs.readSecret(token) }
          return opaPolicyEngine({ url, path, timeout, failOpen, tls, ...shown })
        }
        case 'opa-wasm': {
          const { opaWasmPolicyEngine } = await import('../adapters/policy-opa/index.ts')
          const engine = opaWasmPolicyEngine({ ...policy.opaWasm!, onRefused: needs.onBundleRefused })
          bundles = engine
          return engine
        }
        default:
          throw name satisfies never
      }
    }),
  )
  return {
    engines,
    holder: cedar ?? holdingNothing(policy.engines),
    bundles,
    filesDecide: cedar !== null,
    prepare: () => cedar?.prepare(),
  }
}

/** Where no engine asks our files: to take them would look as if they were in force. */
function holdingNothing(engines: readonly string[]): PolicyHolder {
  const message = `nobody here asks policy files: ${engines.join(' and ')} decides, by policies of its own`
  const refuse = () => {
    throw fault('POLICY_INVALID', { why: message })
  }
  return {
    check: files => Object.keys(files).map(file => ({ file, line: null, message })),
    // What was stored while Cedar decided waits for its return.
    load: () => undefined,
    rehearse: refuse,
  }
}

function certificates(paths: Pick<OpaConfig, 'ca' | 'cert' | 'key'>): { ca?: string; cert?: string; key?: string } {
  const read: { ca?: string; cert?: string; key?: string } = {}
  for (const name of ['ca', 'cert', 'key'] as const) {
    const path = paths[name]
    if (path !== null) read[name] = readPem(path, `policy.opa.${name}`)
  }
  return read
}
