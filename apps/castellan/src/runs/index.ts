export type {
  Message,
  Model,
  ModelDelta,
  ModelReply,
  ModelRequest,
  ModelUsage,
  ToolCall,
  ToolOffer,
} from './model.ts'
export { hasEnded, type Run, type RunKind, runKinds, type RunState, type Tale, type Told } from './run.ts'
export type {
  ClaimWish,
  Held,
  Message as RunMessage,
  NewRun,
  Payload,
  RunFilter,
  RunStore,
  Turn,
} from './run-store.ts'
