export type { AllowedCall } from './allowed-call.ts'
export type { Call, CallContext, CallMethod, GivenInput, TaskMethod } from './call.ts'
export type { CallFilter, CallRecord, CallStore } from './call-store.ts'
export type { CallerClient, CallIo, ClientAnswer, Connector, Link, LinkEvents, Reply, Target } from './connector.ts'
export type { BreakerSettings } from './execute/breaker.ts'
export { Executor } from './execute/execute.ts'
export { Upstreams, type UpstreamParts } from './execute/upstreams.ts'
export { Gate, type GateParts } from './gate.ts'
export { LateWrites } from './late-writes.ts'
export type { Limits, Rate } from './limits.ts'
export { logLevels } from './log-levels.ts'
export { path } from './path.ts'
export type {
  Decision,
  Obligations,
  PolicyEngine,
  PolicyHolder,
  PolicyInput,
  PolicyProblem,
  PolicySet,
} from './policy-engine.ts'
export { parsePolicyTable, type PolicyCase, type PolicyCaseResult, runPolicyTable } from './policy-table.ts'
export { Recorder } from './record.ts'
export type { Answer, CallRequest } from './request.ts'
export { Rules } from './rules.ts'
export type { RulesStore } from './rules-store.ts'
export type { SchemaValidator, SchemaViolation } from './schema-validator.ts'
export { sweepUnfinished } from './sweep.ts'
export {
  denialSentences,
  type DenialCode,
  type Outcome,
  type UpstreamError,
  type Verdict,
  wireOutcome,
} from './verdict.ts'
export { Watches } from './watches.ts'
