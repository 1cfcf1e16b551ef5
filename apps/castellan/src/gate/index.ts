export type { AllowedCall } from './allowed-call.ts'
export type { Budget, BudgetScope, Unit, Window } from './budgets/budget.ts'
export { Budgets, type BudgetSpec, TENANT_BUDGET, type Usage } from './budgets/budgets.ts'
export type { AccountRecord, BudgetLedger } from './budgets/budget-ledger.ts'
export { HeldModel, type ModelWish } from './budgets/held-model.ts'
export type { Settled } from './budgets/hold.ts'
export type { AccountKey, Charge } from './budgets/charges.ts'
export type { Standing } from './budgets/hold.ts'
export { costOfModel, priceOfModel } from './budgets/model-prices.ts'
export { modelPriceTable } from './budgets/model-price-table.ts'
export type { ModelPrice, Price, ToolPrice } from './budgets/price.ts'
export type { PriceSpec } from './budgets/prices.ts'
export type { Call, CallContext, CallMethod, GivenInput, TaskMethod } from './call.ts'
export type { CallFilter, CallRecord, CallStore } from './call-store.ts'
export type { CallerClient, CallIo, ClientAnswer, Connector, Link, LinkEvents, Reply, Target } from './connector.ts'
export type { DecisionLog, JudgedCall } from './decision-log.ts'
export { Consent } from './consent.ts'
export { Executor } from './execute/execute.ts'
export { pause } from './execute/retry.ts'
export { Upstreams, type UpstreamParts } from './execute/upstreams.ts'
export { explain, type Explanation } from './explain.ts'
export { Gate, type GateParts } from './gate.ts'
export type { GuardrailSet } from './guardrail-set.ts'
export { Labels } from './labels.ts'
export { withoutValues } from './kept-arguments.ts'
export { LateWrites } from './late-writes.ts'
export type { Limits, Rate } from './limits.ts'
export { logLevels } from './log-levels.ts'
export type { NodeStore } from './node-store.ts'
export { path } from './path.ts'
export type {
  BundleHolder,
  Decision,
  Judge,
  Obligations,
  PolicyEngine,
  PolicyHolder,
  PolicyInput,
  PolicyProblem,
  PolicySet,
  PolicyVersion,
} from './policy-engine.ts'
export { parsePolicyTable, type PolicyCase, type PolicyCaseResult, runPolicyTable } from './policy-table.ts'
export { Recorder } from './record.ts'
export type { Replay, ReplayStep, ReplayWish } from './replay.ts'
export { type Candidate, Replays } from './replays.ts'
export type { Answer, CallRequest } from './request.ts'
export { Rules } from './rules.ts'
export type { PolicySummary, RulesStore } from './rules-store.ts'
export { demandsOf, type EngineDecision, type Ruling } from './ruling.ts'
export type { Claimed, Owner, ServerOwners } from './server-owners.ts'
export { inForce, type SessionBook, type SessionTerms } from './session-terms.ts'
export type { SchemaValidator, SchemaViolation } from './schema-validator.ts'
export { sweepUnfinished } from './sweep.ts'
export {
  denialSentences,
  type DenialCode,
  needsApproval,
  type Outcome,
  type UpstreamError,
  type Verdict,
  wireOutcome,
} from './verdict.ts'
export type { GoOn, Return, WaitingCalls, WentOn } from './waiting-calls.ts'
export { Watches } from './watches.ts'
