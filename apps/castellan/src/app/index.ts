export { cedarPolicyEngine as policyEngine } from '../adapters/policy-cedar/index.ts'
export { migrate } from './open-stores.ts'
export { type Running, start } from './start.ts'
