import type {
  LanguageModelV4FinishReason,
  LanguageModelV4GenerateResult,
  LanguageModelV4StreamResult,
  LanguageModelV4Usage,
} from '@ai-sdk/provider'
import { type JsonValue, parseStrict } from '../../kernel/index.ts'
import { guessUsage, type ModelDelta, type ModelReply, type ModelRequest, type ToolCall } from '../../runs/index.ts'

/** What a provider said, in pieces or at once. */
interface Heard {
  text: string
  readonly calls: { readonly id: string; readonly tool: string; readonly input: string }[]
  finish: LanguageModelV4FinishReason
  usage: LanguageModelV4Usage | null
  answeredBy: string | undefined
}

/** An answer that is none of its dialect, by the name of what is wrong with it. */
export class Unfit extends Error {}

export function heardAtOnce({ content, finishReason, usage, response }: LanguageModelV4GenerateResult): Heard {
  const heard: Heard = { text: '', calls: [], finish: finishReason, usage, answeredBy: response?.modelId }
  for (const part of content) {
    if (part.type === 'text') heard.text += part.text
    else if (part.type === 'tool-call')
      heard.calls.push({ id: part.toolCallId, tool: part.toolName, input: part.input })
  }
  return heard
}

/** Throws what the stream says went wrong, and `Unfit` when it ends too early. */
export async function heardInPieces(
  { stream }: LanguageModelV4StreamResult,
  onDelta: (delta: ModelDelta) => void,
): Promise<Heard> {
  const heard: Heard = { text: '', calls: [], finish: UNFINISHED, usage: null, answeredBy: undefined }
  for await (const part of stream) {
    switch (part.type) {
      case 'text-delta':
        heard.text += part.delta
        if (part.delta !== '') onDelta({ is: 'text', text: part.delta })
        break
      case 'reasoning-delta':
        if (part.delta !== '') onDelta({ is: 'reasoning', text: part.delta })
        break
      case 'tool-call':
        heard.calls.push({ id: part.toolCallId, tool: part.toolName, input: part.input })
        break
      case 'response-metadata':
        heard.answeredBy = part.modelId
        break
      case 'finish':
        heard.finish = part.finishReason
        heard.usage = part.usage
        break
      case 'error':
        throw part.error
      default:
      // Where parts begin and end, and what no request of ours asks for.
    }
  }
  if (heard.finish.unified === 'interrupted') throw new Unfit('its answer ended in the midst')
  return heard
}

const UNFINISHED: LanguageModelV4FinishReason = { unified: 'interrupted', raw: undefined }

/** Throws `Unfit` for an answer that says it failed. */
export function replyOf(heard: Heard, request: ModelRequest): ModelReply {
  if (heard.finish.unified === 'error') throw new Unfit('it stopped with an error')
  // Several servers of open models do not know this choice, and whoever made it has nothing to do with calls.
  const calls = request.toolChoice === 'none' ? [] : callsOf(heard, request)
  const { text } = heard
  return {
    text,
    calls,
    finish: finishOf(heard.finish, calls.length > 0),
    usage: usageOf(heard, request, { text, calls }),
    answeredBy: heard.answeredBy ?? request.model.slice(request.model.indexOf('/') + 1),
  }
}

function callsOf({ calls }: Heard, { messages }: ModelRequest): ToolCall[] {
  const taken = new Set(messages.flatMap(each => (each.role === 'assistant' ? each.calls.map(({ id }) => id) : [])))
  return calls.map(({ id, tool, input }) => {
    // Servers of open models number the calls of each answer anew, or use characters that another provider refuses to read.
    const own = !taken.has(id) && /^[A-Za-z0-9_-]{1,64}$/.test(id) ? id : freeId(taken)
    taken.add(own)
    return { id: own, tool, args: argsOf(input) }
  })
}

function freeId(taken: ReadonlySet<string>): string {
  let number = taken.size + 1
  while (taken.has(`call_${number}`)) number++
  return `call_${number}`
}

/** Strict, since what loses digits or keys when it is read is not what the model said. */
function argsOf(input: string): JsonValue {
  if (input.trim() === '') return {}
  try {
    return parseStrict(input)
  } catch {
    return input
  }
}

/** What is there counts more than what the provider calls it. */
function finishOf({ unified }: LanguageModelV4FinishReason, hasCalls: boolean): ModelReply['finish'] {
  if (unified === 'length') return 'length'
  if (unified === 'content-filter') return 'filtered'
  return hasCalls ? 'calls' : 'stop'
}

function usageOf(
  { usage }: Heard,
  request: ModelRequest,
  reply: Pick<ModelReply, 'text' | 'calls'>,
): ModelReply['usage'] {
  const input = counted(usage?.inputTokens.total)
  const output = counted(usage?.outputTokens.total)
  const isSilent = reply.text === '' && reply.calls.length === 0
  if (input > 0 && (output > 0 || isSilent)) {
    return { input, output, cached: Math.min(input, counted(usage?.inputTokens.cacheRead)), guessed: false }
  }
  const guess = guessUsage(request, reply)
  return { ...guess, input: input || guess.input, output: output || guess.output }
}

function counted(tokens: number | undefined): number {
  return tokens !== undefined && Number.isSafeInteger(tokens) && tokens > 0 ? tokens : 0
}
