import { setTimeout as wait } from 'node:timers/promises'
import type { ModelScript } from '@castellan/contracts'
import { type Fault, fault, parseDuration } from '../../kernel/index.ts'
import {
  guessUsage,
  type Message,
  type ModelProvider,
  type ModelReply,
  type ModelRequest,
  type ToolCall,
} from '../../runs/index.ts'

type Line = ModelScript['lines'][number]

/**
 * A model that says what a script has it say: for tests and demonstrations. Which line it says depends on the request alone, so that a
 * step which is asked for again, here or in another process, is answered alike. A request that no line fits is refused.
 */
export function scriptedModel({ lines }: ModelScript): ModelProvider {
  const closing = new AbortController()
  return {
    async step(request, signal, onDelta) {
      signal.throwIfAborted()
      const line = lines.find(each => fits(each, request))
      if (!line) throw fault('MODEL_REFUSED', { model: request.model, why: `no line of its script fits ${inShort(request)}; ${listed(lines)}` }) // prettier-ignore
      try {
        await wait(line.delay === undefined ? 0 : parseDuration(line.delay), undefined, {
          signal: AbortSignal.any([signal, closing.signal]),
        })
      } catch {
        signal.throwIfAborted()
        throw fault('MODEL_UNAVAILABLE', { model: request.model, why: 'it was closed' })
      }
      if (line.fail) throw failure(line.fail, request.model)
      if (line.think !== undefined) onDelta?.({ is: 'reasoning', text: line.think })
      for (const piece of line.say.match(/\S*\s*/gu) ?? []) if (piece !== '') onDelta?.({ is: 'text', text: piece })
      return replyOf(line, request)
    },
    async close() {
      closing.abort()
    },
  }
}

function fits({ when }: Line, request: ModelRequest): boolean {
  const { model, contains, matches, turn, after_tool: afterTool } = when
  const news = newIn(request.messages)
  const texts = news.filter(({ role }) => role !== 'system').map(({ text }) => text)
  return (
    (model === undefined || model === nameOf(request)) &&
    (turn === undefined || turn === turnOf(request)) &&
    (contains === undefined || texts.some(text => text.includes(contains))) &&
    (matches === undefined || texts.some(text => new RegExp(matches, 'u').test(text))) &&
    (afterTool === undefined || news.some(each => each.role === 'tool' && each.tool === afterTool))
  )
}

/** What was said since it spoke last. */
function newIn(messages: readonly Message[]): readonly Message[] {
  return messages.slice(messages.findLastIndex(({ role }) => role === 'assistant') + 1)
}

function turnOf({ messages }: ModelRequest): number {
  return 1 + messages.filter(({ role }) => role === 'assistant').length
}

function nameOf({ model }: ModelRequest): string {
  return model.slice(model.indexOf('/') + 1)
}

function replyOf(line: Line, request: ModelRequest): ModelReply {
  const calls = request.toolChoice === 'none' ? [] : callsOf(line, request)
  const { say: text, usage, finish } = line
  return {
    text,
    calls,
    finish: calls.length > 0 ? 'calls' : finish,
    usage: usage ? { ...usage, guessed: false } : guessUsage(request, { text, calls }),
    answeredBy: nameOf(request),
  }
}

function callsOf({ call }: Line, request: ModelRequest): ToolCall[] {
  const taken = new Set(
    request.messages.flatMap(each => (each.role === 'assistant' ? each.calls.map(({ id }) => id) : [])),
  )
  return call.map(({ tool, args }, index) => {
    let id = `call_${turnOf(request)}_${index + 1}`
    while (taken.has(id)) id += '_'
    return { id, tool, args }
  })
}

function failure({ with: how, status, retry_after: after }: NonNullable<Line['fail']>, model: string): Fault {
  return fault(how === 'refused' ? 'MODEL_REFUSED' : 'MODEL_UNAVAILABLE', {
    model,
    why: 'its script says so',
    ...(status === undefined ? {} : { status }),
    ...(after === undefined ? {} : { retry_after_ms: parseDuration(after) }),
  })
}

/** What was asked, by roles and lengths: no prompt belongs into a fault. */
function inShort(request: ModelRequest): string {
  const news = newIn(request.messages).map(each =>
    each.role === 'tool' ? `a result of ${each.tool} (${each.text.length})` : `${each.role} (${each.text.length})`,
  )
  return `${nameOf(request)} in turn ${turnOf(request)}, to which ${news.join(', ') || 'nothing'} is new, by characters`
}

function listed(lines: readonly Line[]): string {
  const shown = lines.slice(0, MOST_SHOWN).map(({ when }, index) => `${index + 1} when ${JSON.stringify(when)}`)
  return `its lines are ${shown.join(', ')}${lines.length > MOST_SHOWN ? ` and ${lines.length - MOST_SHOWN} more` : ''}`
}

const MOST_SHOWN = 20
