import { migrate, policyEngine, start } from './app/index.ts'
import { runCli, terminal } from './cli/index.ts'
import { processVariables } from './config/index.ts'

process.exitCode = await runCli(process.argv.slice(2), {
  ...terminal(),
  variables: processVariables(),
  start,
  policyEngine,
  migrate,
})
