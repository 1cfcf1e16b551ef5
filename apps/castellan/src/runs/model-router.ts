import { fault, isFault } from '../kernel/index.ts'
import type { Model, ModelDelta, ModelProvider, ModelReply, ModelRequest } from './model.ts'

/** A provider of the settings, before anything of it is loaded. */
export interface ModelSource {
  /** What it is, as in the settings. */
  readonly kind: string
  /** Loads it. May throw `CONFIG_INVALID`, and is called again then by the next step. */
  open(): Promise<ModelProvider>
  /** What keeps it from being asked now, as far as it shows without asking; null when nothing does. */
  trouble(): Promise<string | null>
}

/** All models there are. The part of a name before the first slash says whose it is; a provider is loaded by the first step with it. */
export class ModelRouter implements ModelProvider {
  readonly #sources: ReadonlyMap<string, ModelSource>
  readonly #opened = new Map<string, Promise<ModelProvider>>()
  #closed = false

  constructor(sources: ReadonlyMap<string, ModelSource>) {
    this.#sources = sources
  }

  async step(request: ModelRequest, signal: AbortSignal, onDelta?: (delta: ModelDelta) => void): Promise<ModelReply> {
    signal.throwIfAborted()
    const provider = await this.#providerOf(request.model)
    return provider.step(request, signal, onDelta)
  }

  /** The same model under the name of another provider. */
  under(provider: string): Model {
    return {
      step: (request, signal, onDelta) => {
        const model = `${provider}/${request.model.slice(request.model.indexOf('/') + 1)}`
        return this.step({ ...request, model }, signal, onDelta)
      },
    }
  }

  /** Who there is, by name, and what keeps them from being asked. */
  async providers(): Promise<
    readonly { readonly name: string; readonly kind: string; readonly trouble: string | null }[]
  > {
    const each = [...this.#sources].map(async ([name, source]) => ({
      name,
      kind: source.kind,
      trouble: await source.trouble(),
    }))
    return Promise.all(each)
  }

  async close(): Promise<void> {
    this.#closed = true
    const opened = [...this.#opened.values()]
    // One that could not be opened has nothing to close.
    await Promise.all(opened.map(async each => (await each.catch(() => null))?.close()))
  }

  #sourceOf(model: string): readonly [name: string, source: ModelSource] {
    const slash = model.indexOf('/')
    const name = slash < 0 ? model : model.slice(0, slash)
    const source = this.#sources.get(name)
    if (source && slash > 0 && slash < model.length - 1) return [name, source]
    const why = source ? 'it names no model of its provider' : `there is no provider "${name}"`
    throw fault('MODEL_UNKNOWN', { model, why, providers: [...this.#sources.keys()].join(', ') || 'none is set' })
  }

  async #providerOf(model: string): Promise<ModelProvider> {
    const [name, source] = this.#sourceOf(model)
    if (this.#closed) throw fault('MODEL_UNAVAILABLE', { model, why: 'Castellan is stopping' })
    const opened = this.#opened.get(name) ?? source.open()
    this.#opened.set(name, opened)
    try {
      return await opened
    } catch (error) {
      this.#opened.delete(name)
      if (isFault(error, 'CONFIG_INVALID'))
        throw fault('MODEL_REFUSED', { model, why: error.message.replace(/\.$/, '') })
      throw error
    }
  }
}
