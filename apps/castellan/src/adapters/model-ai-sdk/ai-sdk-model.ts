import type { ModelProvider } from '../../runs/index.ts'
import { headersFrom } from '../http-client/index.ts'
import { callOptions } from './call-options.ts'
import { type Dialect, languageModel } from './dialect.ts'
import { faultOf } from './fault-of.ts'
import { heardAtOnce, heardInPieces, replyOf } from './reply.ts'
import { openWire, type WireTrouble } from './wire.ts'

export interface AiSdkOptions {
  /** Of the provider, as in the settings. */
  readonly name: string
  readonly dialect: Dialect
  /** `http://…` or `https://…`, with the path that comes before `/chat/completions`, `/responses` or `/messages`. */
  readonly baseUrl: string
  /** The key to show, read anew for each step; null for a provider that wants none. */
  readonly apiKey: (() => Promise<string>) | null
  /** What else to send with each request, read anew likewise. */
  readonly headers: () => Promise<Readonly<Record<string, string>>>
  /** Whether the host may be found at an address that is not public, though its name does not say so. */
  readonly allowPrivate: boolean
  /** Milliseconds it may be silent, before its answer and within. */
  readonly silence: number
  /** Most bytes of one answer. */
  readonly largest?: number
}

/**
 * A provider of models that is asked over HTTP, in its dialect, through the provider packages of the AI SDK 7. They translate, and
 * nothing else: a step is one request, no tool runs here, nothing is repeated, and no variable of the environment is read.
 *
 * A provider that does not count what was used, or counts nothing where something was said, has it guessed.
 */
export function aiSdkModel(options: AiSdkOptions): ModelProvider {
  const { name, baseUrl, allowPrivate, silence, largest = LARGEST } = options
  const wire = openWire({ name, baseUrl, allowPrivate, silence, largest })

  async function credentials(): Promise<{ key: string; headers: Record<string, string> }> {
    const [key, headers] = await Promise.all([options.apiKey?.() ?? '', options.headers()])
    // What cannot be sent is found here, and said without showing it.
    const { key: sent = '' } = headersFrom({ key: key.trim() })
    return { key: sent, headers: headersFrom(headers) }
  }

  return {
    async step(request, signal, onDelta) {
      signal.throwIfAborted()
      const model = request.model.slice(request.model.indexOf('/') + 1)
      let trouble: WireTrouble | undefined
      const asked = async () => {
        const { key, headers } = await credentials()
        const fetch = wire.fetch(met => (trouble ??= met))
        const language = languageModel({ dialect: options.dialect, model, baseUrl, key, headers, fetch })
        const call = callOptions(request, signal)
        const heard = onDelta
          ? await heardInPieces(await language.doStream(call), delta => {
              if (!signal.aborted) onDelta(delta)
            })
          : heardAtOnce(await language.doGenerate(call))
        return replyOf(heard, request)
      }
      try {
        return await unlessAborted(signal, asked())
      } catch (error) {
        if (signal.aborted) throw signal.reason
        throw faultOf(error, trouble, request.model)
      }
    },
    close: () => wire.close(),
  }
}

/** Bytes. The longest answers of today are some hundred thousand tokens, which streamed one by one are some ten MiB. */
const LARGEST = 32 * 1024 * 1024

/** Settles with the work, or at once when the signal aborts: what hears of an abort late must not keep anybody waiting. */
async function unlessAborted<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  const { promise: aborted, reject } = Promise.withResolvers<never>()
  const onAbort = () => reject(signal.reason as Error)
  signal.addEventListener('abort', onAbort, { once: true })
  try {
    return await Promise.race([work, aborted])
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}
