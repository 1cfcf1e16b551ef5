import { describe } from 'node:test'
import { type RunningEngine, testPolicyEngine } from '../../gate/policy-engine.testsuite.ts'
import { opaBinary } from './fixtures/opa-binary.ts'
import { realOpa } from './fixtures/real-opa.ts'
import { forTenant, regoScenarios, tenantPath } from './fixtures/rego-scenarios.ts'
import { opaPolicyEngine } from './index.ts'

const opa = opaBinary()

describe('against a real OPA', { skip: opa.skip }, () => {
  testPolicyEngine('opa', running, regoScenarios)
})

async function running(): Promise<RunningEngine> {
  const server = await realOpa(opa.path)
  const engine = opaPolicyEngine({ url: server.url, path: tenantPath, timeout: 5_000, failOpen: false })
  const held = new Map<string, readonly string[]>()
  return {
    engine,
    async give({ tenant, files }) {
      const names = Object.keys(files).map(file => `${tenant}/${file}`)
      for (const gone of held.get(tenant) ?? []) if (!names.includes(gone)) await server.put(gone, null)
      for (const [file, text] of Object.entries(files)) await server.put(`${tenant}/${file}`, forTenant(text, tenant))
      held.set(tenant, names)
      return 'none'
    },
    async stop() {
      await engine.close()
      await server[Symbol.asyncDispose]()
    },
  }
}
