import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { parentPort, workerData } from 'node:worker_threads'
import type { Drop, Order, Said, Task, Window } from './classifier.ts'
import { windowsOf } from './windows.ts'

// What is used of the packages, whose types are there only where they are.

interface Onnx {
  readonly env: { readonly wasm: { numThreads: number } }
  readonly InferenceSession: { create(model: Uint8Array): Promise<Session> }
  readonly Tensor: new (type: 'int64', data: BigInt64Array, dimensions: readonly number[]) => Tensor
}
interface Session {
  readonly inputNames: readonly string[]
  readonly outputNames: readonly string[]
  run(feeds: Readonly<Record<string, Tensor>>): Promise<Readonly<Record<string, Tensor | undefined>>>
}
interface Tensor {
  readonly data: ArrayLike<number | bigint>
}
interface Tokenizers {
  readonly Tokenizer: new (
    tokenizer: object,
    config: object,
  ) => {
    encode(text: string): { readonly ids: readonly (number | undefined)[] }
  }
}

interface ModelConfig {
  readonly id2label?: Readonly<Record<string, string>>
  readonly problem_type?: string
  readonly max_position_embeddings?: number
}

const { path, runtime, labels } = workerData as Order
const dropped = new Set<number>()

// Not awaited here: what is below has to be there when it goes on.
serve().catch((error: unknown) => say({ is: 'unfit', why: whyOf(error) }))

async function serve(): Promise<void> {
  const model = await file('model.onnx')
  const config = (await json('config.json')) as ModelConfig
  const tokenizing = (await json('tokenizer_config.json').catch(() => ({}))) as { readonly model_max_length?: number }
  const tokenizer = await json('tokenizer.json')
  const places = placesOf(config)

  const onnx = (await import(runtime.onnx)) as Onnx
  const { Tokenizer } = (await import(runtime.tokenizers)) as Tokenizers
  // This thread is the one that it may have.
  onnx.env.wasm.numThreads = 1
  const session = await onnx.InferenceSession.create(model).catch(() => {
    throw new Unfit('model.onnx is no model that the runtime can load')
  })
  const tokens = new Tokenizer(tokenizer, tokenizing)
  const longest = Math.min(
    MOST_TOKENS,
    config.max_position_embeddings ?? MOST_TOKENS,
    tokenizing.model_max_length ?? MOST_TOKENS,
  )

  const encode = (text: string): readonly number[] => {
    const { ids } = tokens.encode(text)
    if (!ids.every(id => id !== undefined)) throw new Unfit('tokenizer.json has no number for some words')
    return ids
  }

  async function look(ids: readonly number[]): Promise<readonly number[]> {
    const tensorOf = (name: string) => {
      const fill = name === 'attention_mask' ? 1n : name === 'token_type_ids' ? 0n : null
      const data = BigInt64Array.from(ids, id => fill ?? BigInt(id))
      return new onnx.Tensor('int64', data, [1, ids.length])
    }
    const outputs = await session.run(Object.fromEntries(session.inputNames.map(name => [name, tensorOf(name)])))
    const logits = Array.from(outputs[session.outputNames[0] ?? '']?.data ?? [], Number)
    if (logits.length !== Object.keys(config.id2label ?? {}).length || !logits.every(Number.isFinite))
      throw new Unfit('the model answers with something else than a number for each label')
    const likely = config.problem_type === 'multi_label_classification' ? logits.map(sigmoid) : softmax(logits)
    return places.map(place => likely[place]!)
  }

  async function classify({ id, text }: Task): Promise<Said> {
    const windows: Window[] = []
    for (const { start, end, ids } of windowsOf(text, longest, encode)) {
      windows.push({ start, end, probabilities: await look(ids) })
      // So that it is heard when nobody waits any more.
      await setImmediate()
      if (dropped.delete(id)) break
    }
    return { is: 'classified', id, windows }
  }

  // One after the other: they would only make each other late.
  let last: Promise<unknown> = Promise.resolve()
  parentPort!.on('message', (order: Task | Drop) => {
    if ('drop' in order) return void dropped.add(order.drop)
    last = last.then(async () => {
      if (dropped.delete(order.id)) return
      say(await classify(order).catch((error): Said => ({ is: 'failed', id: order.id, why: whyOf(error) })))
      dropped.delete(order.id)
    })
  })
  say({ is: 'loaded', version: createHash('sha256').update(model).digest('hex').slice(0, 12) })
}

/** As many as most classifiers were trained with. */
const MOST_TOKENS = 512

/** What is wrong with the files, in words that may be shown. */
class Unfit extends Error {}

/** Where the labels that are asked for stand in the answers of the model. */
function placesOf({ id2label = {} }: ModelConfig): readonly number[] {
  const named = Object.entries(id2label)
  return labels.map(label => {
    const place = named.find(([, name]) => name === label)?.[0]
    if (place === undefined)
      throw new Unfit(`the model has no label "${label}"; it has ${named.map(([, name]) => name).join(', ') || 'none'}`)
    return Number(place)
  })
}

async function file(name: string): Promise<Buffer> {
  return readFile(join(path, name)).catch((error: NodeJS.ErrnoException) => {
    throw new Unfit(`${name} cannot be read (${error.code})`)
  })
}

async function json(name: string): Promise<object> {
  const text = (await file(name)).toString('utf8')
  try {
    return JSON.parse(text) as object
  } catch {
    throw new Unfit(`${name} is not JSON`)
  }
}

function softmax(logits: readonly number[]): number[] {
  const most = Math.max(...logits)
  const powers = logits.map(each => Math.exp(each - most))
  const sum = powers.reduce((one, other) => one + other, 0)
  return powers.map(each => each / sum)
}

function sigmoid(logit: number): number {
  return 1 / (1 + Math.exp(-logit))
}

/** Messages of the runtime may say something of the text. */
function whyOf(error: unknown): string {
  return error instanceof Unfit ? error.message : 'the runtime failed'
}

function say(said: Said): void {
  parentPort!.postMessage(said)
}
