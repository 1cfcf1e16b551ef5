export { opaPolicyEngine } from './opa-policy-engine.ts'
export { opaWasmPolicyEngine } from './opa-wasm-policy-engine.ts'
