export { cedarPolicyEngine } from './cedar-policy-engine.ts'
