import { runCli, terminal } from './cli/index.ts'
import { processVariables } from './config/index.ts'

// Most commands talk to a control plane that runs elsewhere, so the control plane itself is loaded by those that need it.
process.exitCode = await runCli(process.argv.slice(2), {
  ...terminal(),
  variables: processVariables(),
  start: async (config, surroundings) => (await import('./app/index.ts')).start(config, surroundings),
  guardrails: async config => (await import('./app/index.ts')).guardrailsAlone(config, processVariables()),
  policyEngine: async () => (await import('./app/index.ts')).policyEngine(),
  migrate: async config => (await import('./app/index.ts')).migrate(config),
  move: async (config, url, shown) => (await import('./app/index.ts')).moveStore(config, url, shown),
})
