import { AISDKError, APICallError } from '@ai-sdk/provider'
import { type Fault, fault, isFault, isJsonObject } from '../../kernel/index.ts'
import { retryAfter, statusLine } from '../http-client/index.ts'
import { Unfit } from './reply.ts'
import type { WireTrouble } from './wire.ts'

/**
 * The fault that an error of a step comes to. It has no cause: errors of the library carry the request, with every prompt, and
 * its messages are the provider's, who may repeat a key.
 */
export function faultOf(error: unknown, trouble: WireTrouble | undefined, model: string): Fault {
  const unavailable = (why: string, more: { status?: number; retry_after_ms?: number } = {}) =>
    fault('MODEL_UNAVAILABLE', { model, why, ...more })
  const refused = (why: string, more: { status?: number } = {}) => fault('MODEL_REFUSED', { model, why, ...more })

  if (trouble) return (trouble.passing ? unavailable : refused)(trouble.why)
  if (isFault(error, 'SECRET_UNREADABLE')) return unavailable(error.message.replace(/\.$/, ''))
  if (error instanceof Unfit) return unavailable(error.message)
  if (APICallError.isInstance(error)) {
    const { statusCode: status } = error
    if (status === undefined || status < 300) return unavailable(NONE)
    const why = `it answered ${statusLine(status)}${wordsOf(error.data)}`
    if (!isPassing(status)) return refused(`${why}${hints[status] ?? ''}`, { status })
    const wait = waitIn(error.responseHeaders ?? {})
    return unavailable(why, { status, ...(wait === null ? {} : { retry_after_ms: wait }) })
  }
  if (AISDKError.isInstance(error)) {
    const cannot = /^AI_(UnsupportedFunctionality|InvalidArgument|InvalidPrompt)Error$/.test(error.name)
    return cannot ? refused('its dialect has no words for this request') : unavailable(NONE)
  }
  // An error that was told within a stream.
  const words = wordsOf(error)
  return (FINAL.test(words) ? refused : unavailable)(words === '' ? NONE : `it broke off${words}`)
}

const NONE = 'its answer is none of its dialect'

/** What an operator can do something about. */
const hints: Readonly<Record<number, string>> = {
  401: '; the setting api_key of its provider leads to no key that it takes',
  403: '; its key does not allow this',
  404: '; there is no such model, or base_url of its provider leads elsewhere',
}

function isPassing(status: number): boolean {
  return status === 408 || status === 409 || status === 425 || status === 429 || status >= 500
}

/** Milliseconds; OpenAI says them in a header of its own, too. */
function waitIn(headers: Readonly<Record<string, string>>): number | null {
  const exact = headers['retry-after-ms'] ?? ''
  if (/^\d{1,9}(\.\d+)?$/.test(exact)) return Math.ceil(Number(exact))
  return retryAfter(headers['retry-after'], new Date())
}

/** Those of the words that come again however often one asks. */
const FINAL = /invalid_request|authentication|permission|not_found|context_length/

/** Words that providers use for kinds and codes of errors. Others may be anything, a key or a prompt among it. */
const WORDS: ReadonlySet<unknown> = new Set([
  'api_error',
  'authentication_error',
  'billing_error',
  'content_policy_violation',
  'context_length_exceeded',
  'insufficient_quota',
  'invalid_api_key',
  'invalid_prompt',
  'invalid_request_error',
  'model_not_found',
  'not_found_error',
  'overloaded_error',
  'permission_error',
  'rate_limit_error',
  'rate_limit_exceeded',
  'request_too_large',
  'server_error',
  'timeout_error',
  'unsupported_parameter',
  'unsupported_value',
])

/** The kind and code of an error, such as ` (invalid_request_error, context_length_exceeded)`, as far as we know them. */
function wordsOf(data: unknown): string {
  const error = isJsonObject(data) && isJsonObject(data['error']) ? data['error'] : data
  if (!isJsonObject(error)) return ''
  const words = [error['type'], error['code']].filter((each): each is string => WORDS.has(each))
  return words.length === 0 ? '' : ` (${[...new Set(words)].join(', ')})`
}
