export { isDecisionPath } from './decision-path.ts'
export { type OpaOptions, opaPolicyEngine } from './opa-policy-engine.ts'
export { type OpaWasmOptions, opaWasmPolicyEngine } from './opa-wasm-policy-engine.ts'
