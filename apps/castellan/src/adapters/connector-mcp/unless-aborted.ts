/** What the promise resolves to, or null as soon as the signal aborts; what was waited for goes on for others. */
export function unlessAborted<T>(signal: AbortSignal, promise: Promise<T>): Promise<T | null> {
  if (signal.aborted) return Promise.resolve(null)
  const { promise: either, resolve, reject } = Promise.withResolvers<T | null>()
  const giveUp = (): void => resolve(null)
  signal.addEventListener('abort', giveUp, { once: true })
  promise.finally(() => signal.removeEventListener('abort', giveUp)).then(resolve, reject)
  return either
}
