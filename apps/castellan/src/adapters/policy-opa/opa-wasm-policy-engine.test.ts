import { describe } from 'node:test'
import { readFile } from 'node:fs/promises'
import { digestBytes } from '../../kernel/index.ts'
import type { PolicySet } from '../../gate/index.ts'
import { type RunningEngine, testPolicyEngine } from '../../gate/policy-engine.testsuite.ts'
import { bundlePlace } from './fixtures/built-bundle.ts'
import { opaBinary } from './fixtures/opa-binary.ts'
import { forTenant, regoScenarios, tenantPath } from './fixtures/rego-scenarios.ts'
import { opaWasmPolicyEngine } from './index.ts'

const opa = opaBinary()

describe('with bundles of a real OPA', { skip: opa.skip }, () => {
  testPolicyEngine('opa-wasm', running, regoScenarios)
})

/** All tenants are in one bundle, each with its own entrypoint. */
async function running(): Promise<RunningEngine> {
  const place = await bundlePlace(opa.path)
  const engine = opaWasmPolicyEngine({
    bundle: place.path,
    path: tenantPath,
    timeout: 5_000,
    memory: 64 * 1_048_576,
    lookEvery: 0,
  })
  const sets = new Map<string, PolicySet>()
  return {
    engine,
    async give(set) {
      sets.set(set.tenant, set)
      const modules = [...sets.values()].flatMap(({ tenant, files }) =>
        Object.entries(files).map(([file, text]) => [`${tenant}/${file}`, forTenant(text, tenant)] as const),
      )
      await place.build(
        Object.fromEntries(modules),
        [...sets.keys()].map(tenant => tenantPath.replace('{tenant}', tenant)),
      )
      await engine.trouble(set.tenant, new AbortController().signal)
      return digestBytes(await readFile(place.path))
    },
    async stop() {
      await engine.close()
      await place[Symbol.asyncDispose]()
    },
  }
}
