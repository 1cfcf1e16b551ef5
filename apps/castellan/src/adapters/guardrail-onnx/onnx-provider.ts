import { resolve as absolute } from 'node:path'
import { Worker } from 'node:worker_threads'
import type { GuardrailProvider, Metric, OnBug, ProviderAnswer } from '../../guardrails/index.ts'
import type { Drop, Order, Said, Task, Window } from './classifier.ts'
import { findRuntime, type Runtime } from './runtime.ts'

export interface OnnxProviderOptions {
  readonly name: string
  /** Folder with `model.onnx`, `tokenizer.json` and `config.json`, as Hugging Face exports text classifiers. */
  readonly path: string
  readonly metric: Metric
  /** The labels of the model that are findings, and the category of each. */
  readonly labels: Readonly<Record<string, string>>
  /** The least confidence that is a finding. */
  readonly reportFrom: number
  readonly onBug: OnBug
}

/**
 * A text classifier that runs here, in a thread of its own, so that it holds nobody up. Long texts are looked at in stretches of as
 * many tokens as the model takes. The packages it runs on are no part of the program: they are loaded from where the user installed
 * them, beside the model or beside the program.
 */
export function onnxProvider(options: OnnxProviderOptions): GuardrailProvider {
  const { name, metric, reportFrom, onBug } = options
  const path = absolute(options.path)
  const labels = Object.keys(options.labels)
  let found: Runtime | undefined
  let thread: Thread | null = null
  let last = 0
  let closed = false
  let ending: Promise<unknown> = Promise.resolve()

  function missing(): readonly string[] {
    if (found) return []
    const runtime = findRuntime(path)
    if ('missing' in runtime) return runtime.missing
    found = runtime
    return []
  }

  function begin(runtime: Runtime): Thread {
    const worker = new Worker(new URL('./classify.thread.ts', import.meta.url), {
      workerData: { path, runtime, labels } satisfies Order,
      name: 'guardrail-onnx',
      execArgv: [],
    })
    const { promise: loaded, resolve } = Promise.withResolvers<Loaded>()
    const begun: Thread = { worker, loaded, jobs: new Map() }
    const end = (why: string) => {
      resolve({ why })
      if (thread === begun) thread = null
      for (const job of begun.jobs.values()) job({ is: 'failed', why })
      begun.jobs.clear()
    }
    worker.on('message', (said: Said) => {
      if (said.is === 'loaded') return resolve({ version: said.version })
      // It is tried again with the next text: somebody may have mended the files.
      if (said.is === 'unfit') return end(said.why)
      begun.jobs.get(said.id)?.(said)
      begun.jobs.delete(said.id)
    })
    worker.on('error', onBug)
    worker.once('exit', () => end('its thread ended'))
    return begun
  }

  async function classified(text: string, signal: AbortSignal): Promise<ProviderAnswer> {
    const absent = missing()
    if (!found) return failed(absent.join('; '))
    if (closed) return failed('it was closed')
    thread ??= begin(found)
    const { worker, jobs, loaded } = thread
    const id = ++last
    const { promise: given, resolve: giveUp } = Promise.withResolvers<null>()
    const onAbort = () => giveUp(null)
    signal.addEventListener('abort', onAbort, { once: true })
    if (signal.aborted) onAbort()
    try {
      const model = await Promise.race([given, loaded])
      if (model === null) return failed('its model is still being loaded')
      if ('why' in model) return failed(model.why)
      const answer = new Promise<Answered>(settle => jobs.set(id, settle))
      worker.postMessage({ id, text } satisfies Task)
      const said = await Promise.race([given, answer])
      if (said === null) {
        worker.postMessage({ drop: id } satisfies Drop)
        return failed('it was not done in time')
      }
      return said.is === 'failed' ? said : { is: 'found', findings: findingsIn(said.windows), version: model.version }
    } finally {
      jobs.delete(id)
      signal.removeEventListener('abort', onAbort)
    }
  }

  function findingsIn(windows: readonly Window[]) {
    return windows.flatMap(({ start, end, probabilities }) =>
      probabilities.flatMap((confidence, at) =>
        confidence < reportFrom
          ? []
          : [{ metric, category: options.labels[labels[at]!]!, confidence, place: { start, end } }],
      ),
    )
  }

  return {
    name,
    kind: 'onnx',
    missing,
    async prepare() {
      missing()
      if (!found || closed) return
      thread ??= begin(found)
      await thread.loaded
    },
    ask: ({ text }, signal) => classified(text, signal),
    async close() {
      closed = true
      if (thread) ending = thread.worker.terminate()
      await ending
    },
  }
}

type Loaded = { readonly version: string } | { readonly why: string }
type Answered = Extract<Said, { is: 'classified' }> | { readonly is: 'failed'; readonly why: string }

interface Thread {
  readonly worker: Worker
  readonly loaded: Promise<Loaded>
  /** By the number of the task. */
  readonly jobs: Map<number, (said: Answered) => void>
}

function failed(why: string): ProviderAnswer {
  return { is: 'failed', why }
}
