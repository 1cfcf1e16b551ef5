export { cedarPolicyEngine as policyEngine } from '../adapters/policy-cedar/index.ts'
export { migrate } from './open-stores.ts'
export type { Running } from './running.ts'
export { start } from './start.ts'
