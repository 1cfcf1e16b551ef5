import { Unreachable } from './problem.ts'

/** The JSON values of an answer that has one a line, as they come. Throws `Unreachable` when it breaks off within one. */
export async function* lines<T>(response: Response): AsyncGenerator<T> {
  if (!response.body) return
  let pending = ''
  try {
    for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
      pending += chunk
      for (let end = pending.indexOf('\n'); end >= 0; end = pending.indexOf('\n')) {
        const line = pending.slice(0, end)
        pending = pending.slice(end + 1)
        yield JSON.parse(line) as T
      }
    }
  } catch (cause) {
    // What `fetch` throws when a body breaks off is a `TypeError`, and what was cut is no JSON.
    if (!(cause instanceof TypeError || cause instanceof SyntaxError)) throw cause
    throw new Unreachable('The answer broke off.', { cause })
  }
  if (pending !== '') throw new Unreachable('The answer broke off.')
}
