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
