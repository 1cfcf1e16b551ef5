import type { Reply } from '../../gate/index.ts'
import { isJsonObject, type JsonObject, parseStrict } from '../../kernel/index.ts'
import { type Answer, brokenBy, MAX_ANSWER, statusLine } from '../http-client/index.ts'

/** What an answer to `call_tool` means. */
export function replyTo(answer: Answer): Reply {
  const broken = brokenBy(answer)
  if (broken) return broken
  switch (answer.is) {
    case 'oversized':
      return { is: 'result', result: tooLarge }
    case 'answered':
      if (answer.status < 200 || answer.status >= 300) return refusedWith(answer.status)
      return resultIn(answer.body.toString('utf8'))
    case 'lost':
      throw new Error('a lost answer is broken')
    default:
      throw answer satisfies never
  }
}

const tooLarge: JsonObject = {
  content: [{ type: 'text', text: `The tool answered with more than ${MAX_ANSWER} bytes, which is not passed on.` }],
  isError: true,
}

/** A JSON-RPC internal error: the server, not the caller's use of the protocol, is at fault as far as anyone can tell. */
function refusedWith(status: number): Reply {
  return {
    is: 'error',
    error: { code: -32603, message: `The tool server answered ${statusLine(status)}.`, data: { status } },
  }
}

function resultIn(text: string): Reply {
  let result: unknown
  try {
    result = parseStrict(text)
  } catch {
    return unreadable('its answer is not strict JSON')
  }
  if (!isJsonObject(result)) return unreadable('its answer is not a JSON object')
  const { content, isError } = result
  if (!Array.isArray(content) || !content.every(isBlock)) return unreadable('its answer has no list of content')
  if (isError !== undefined && typeof isError !== 'boolean')
    return unreadable('"isError" of its answer is not a boolean')
  return { is: 'result', result: { ...result, isError: isError ?? false } }
}

function isBlock(block: unknown): boolean {
  return isJsonObject(block) && typeof block.type === 'string'
}

function unreadable(why: string): Reply {
  return { is: 'broken', sent: true, retryable: false, retryAfter: null, why }
}
