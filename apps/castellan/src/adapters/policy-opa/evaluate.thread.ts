import { parentPort, workerData } from 'node:worker_threads'
import { loadPolicy } from '@open-policy-agent/opa-wasm'
import type { Evaluation, Started, Task, ThreadOrder } from './evaluator.ts'

/** What the package gives; its own types say less. */
interface Policy {
  readonly entrypoints: Readonly<Record<string, number>>
  setData(data: ArrayBuffer): void
  evaluate(input: ArrayBuffer, entrypoint: string): readonly { readonly result: unknown }[]
}

// The compiler's libraries know it only of browsers.
declare const WebAssembly: {
  readonly Module: { new (bytes: Uint8Array): object; exports(module: object): readonly { readonly name: string }[] }
  readonly RuntimeError: ErrorConstructor
}

const { wasm, data, pages } = workerData as ThreadOrder
const module = new WebAssembly.Module(wasm)
if (!WebAssembly.Module.exports(module).some(({ name }) => name === 'opa_wasm_abi_version'))
  throw new Error('it is no compiled policy')
const encoder = new TextEncoder()

let policy = await load()
parentPort!.postMessage({ entrypoints: Object.keys(policy.entrypoints) } satisfies Started)
parentPort!.on('message', (task: Task) => void answer(task))

async function answer(task: Task): Promise<void> {
  parentPort!.postMessage(await evaluate(task))
}

async function evaluate({ entrypoint, input }: Task): Promise<Evaluation> {
  try {
    const [first] = policy.evaluate(encoder.encode(input).buffer, entrypoint)
    return first ? { is: 'result', result: first.result } : { is: 'undefined' }
  } catch (error) {
    // Whatever broke off may have left anything behind.
    policy = await load()
    return { is: 'failed', why: whyOf(error) }
  }
}

/** All memory there may ever be is reserved at once: what is not touched costs nothing, and nothing can grow beyond it. */
async function load(): Promise<Policy> {
  const loaded = (await loadPolicy(module, { initial: pages, maximum: pages })) as Policy
  loaded.setData(encoder.encode(data).buffer)
  return loaded
}

/** Without the message, which may hold values of the arguments. */
function whyOf(error: unknown): string {
  const message = typeof error === 'object' && error !== null && 'message' in error ? String(error.message) : ''
  const [, name] = /^not implemented: built-in function \d+: ([a-z_.0-9]+)$/.exec(message) ?? []
  if (name !== undefined) return `it uses the built-in function ${name}, which is not there in WebAssembly`
  if (error instanceof WebAssembly.RuntimeError || error instanceof RangeError)
    return 'its evaluation was broken off, as when it needs too much memory'
  return 'its evaluation ended in an error'
}
