export { guessUsage } from './guess-usage.ts'
export type {
  Message,
  Model,
  ModelDelta,
  ModelProvider,
  ModelReply,
  ModelRequest,
  ModelUsage,
  ToolCall,
  ToolOffer,
} from './model.ts'
export { hasEnded, type OnBehalf, type Run, type RunKind, type RunState, type Tale, type Told } from './run.ts'
export { ModelRouter, type ModelSource } from './model-router.ts'
export type { ClaimWish, Held, Message as RunMessage, NewRun, Payload, RunFilter, RunStore, Turn } from './run-store.ts'
export type { Agent, AgentSpec, AssignedTool } from './agent/agent.ts'
export type { AgentStore } from './agent/agent-store.ts'
export { Agents, definitionOf } from './agent/agents.ts'
export { agentDecider } from './agent/decider.ts'
export { toolText } from './agent/tool-text.ts'
export type { AgentDefinition, AgentInput, AgentOutput, AgentTool } from './agent/definition.ts'
export type { Decider, Decision, Happening } from './decider.ts'
export type { Deciders } from './deciders.ts'
export { Engine, engineByDefault, type EngineSettings } from './engine.ts'
export type { Hands } from './hands.ts'
export { askModel } from './model-hand.ts'
export { inDoubt, Runs, type RunWish, type Settlement } from './runs.ts'
export type { Computation, QuestionTerms, Said, StepEnd, Work } from './step.ts'
export { type CallableStep, StepTokens } from './step-token.ts'
export { compute } from './compute-hand.ts'
export type { OpenWait } from './course.ts'
export { callTool } from './tool-hand.ts'
export { word } from './word.ts'
export { workflowDecider } from './workflow/decider.ts'
export type { WorkflowDefinition } from './workflow/definition.ts'
export type { Evaluated, Expressions, Parsed } from './workflow/expressions.ts'
export { pin } from './workflow/pin.ts'
export type { Source as WorkflowSource } from './workflow/read-workflow.ts'
export type { StoredWorkflow, Workflow } from './workflow/workflow.ts'
export type { WorkflowStore } from './workflow/workflow-store.ts'
export { Workflows } from './workflow/workflows.ts'
