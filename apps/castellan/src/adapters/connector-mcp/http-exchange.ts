import { fetch as undiciFetch, type Dispatcher, type RequestInit as UndiciRequestInit } from 'undici'
import { systemClock } from '../../kernel/index.ts'
import type { HttpPool } from './http-pool.ts'
import { eventStream, wholeBody, type MessageBound } from './message-bound.ts'
import { retryAfter } from '../http-client/index.ts'
import { httpFailure, SendFailure, sendFailure } from './send-failure.ts'

export interface ExchangeLimits {
  /** Longest wait for the head of the answer, in milliseconds. */
  readonly head: number
  /** Longest silence within its body, in milliseconds; 0 for a stream of news, which may be silent for ever. */
  readonly silence: number
  /** Most bytes of one message. */
  readonly maxMessage: number
  /** Told when a body that had begun to arrive is cut off because a message in it is too large. */
  readonly onTooLarge: (failure: SendFailure) => void
}

/**
 * One HTTP exchange on the pool, in the shape of `fetch`. Rejects with a {@link SendFailure} that knows for certain whether
 * the request was begun to be written; with one also for 408, 425, 429 and 5xx, to keep their `Retry-After`. Other statuses
 * are answers. Redirects are left to the caller.
 */
export async function exchange(
  pool: HttpPool,
  url: string | URL,
  init: RequestInit,
  limits: ExchangeLimits,
): Promise<Response> {
  const state = { begun: false, failure: null as SendFailure | null }
  const headers = new Headers(init.headers)
  // Only bytes that are not compressed can be counted before they are unpacked.
  headers.set('accept-encoding', 'identity')
  const timeouts = { headersTimeout: limits.head, bodyTimeout: limits.silence }
  const dispatcher = pool.agent.compose(
    dispatch => (options, handler) => dispatch({ ...options, ...timeouts }, watched(handler, state, limits)),
  )
  try {
    // The DOM's types of fetch and undici's own describe the same objects.
    const request = { ...init, headers, redirect: 'manual', dispatcher } as unknown as UndiciRequestInit
    const response = (await undiciFetch(url, request)) as unknown as Response
    if (!temporary(response.status)) return response
    await response.body?.cancel()
    throw httpFailure(response.status, retryAfter(response.headers.get('retry-after'), systemClock.now()))
  } catch (error) {
    if (error instanceof SendFailure) throw error
    if (state.failure !== null) throw state.failure
    // An exchange given up while it waits for a connection is dropped from the queue before anything is written.
    if (init.signal?.aborted === true)
      throw new SendFailure('it was cancelled', { sent: state.begun, retryable: false })
    const { message, retryable } = sendFailure(error)
    throw new SendFailure(message, { sent: state.begun, retryable }, { cause: error })
  }
}

function temporary(status: number): boolean {
  return status === 408 || status === 425 || status === 429 || status >= 500
}

/** The same handler, with the start of writing noted and the body counted as it arrives. */
function watched(
  handler: Dispatcher.DispatchHandler,
  state: { begun: boolean; failure: SendFailure | null },
  { maxMessage, onTooLarge }: ExchangeLimits,
): Dispatcher.DispatchHandler {
  let fits: MessageBound = wholeBody(maxMessage)
  let answering = false
  const cut = (controller: Dispatcher.DispatchController, why: string): void => {
    const failure = new SendFailure(why, { sent: true, retryable: false })
    state.failure = failure
    if (answering) onTooLarge(failure)
    controller.abort(failure)
  }
  const tooLarge = `its message is larger than ${maxMessage} bytes`
  return {
    // Called on a connection that is open, right before the first byte: what fails earlier was certainly not sent.
    onRequestStart(controller, context) {
      state.begun = true
      handler.onRequestStart?.(controller, context)
    },
    onResponseStarted() {
      handler.onResponseStarted?.()
    },
    onResponseStart(controller, status, headers, message) {
      const streaming = String(headers['content-type'] ?? '').startsWith('text/event-stream')
      if (String(headers['content-encoding'] ?? 'identity') !== 'identity') {
        return cut(controller, 'it compressed its answer although it was asked not to')
      }
      if (!streaming && Number(headers['content-length'] ?? 0) > maxMessage) return cut(controller, tooLarge)
      if (streaming) fits = eventStream(maxMessage)
      answering = true
      handler.onResponseStart?.(controller, status, headers, message)
    },
    onResponseData(controller, chunk) {
      if (fits(chunk)) handler.onResponseData?.(controller, chunk)
      else cut(controller, tooLarge)
    },
    onResponseEnd(controller, trailers) {
      handler.onResponseEnd?.(controller, trailers)
    },
    onResponseError(controller, error) {
      handler.onResponseError?.(controller, error)
    },
  }
}
