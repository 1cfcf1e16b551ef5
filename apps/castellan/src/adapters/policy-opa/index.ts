export { isDecisionPath } from './decision-path.ts'
export { type OpaOptions, opaPolicyEngine } from './opa-policy-engine.ts'
