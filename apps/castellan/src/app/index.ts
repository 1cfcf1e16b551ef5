export { cedarPolicyEngine as policyEngine } from '../adapters/policy-cedar/index.ts'
export { type Running, start } from './start.ts'
