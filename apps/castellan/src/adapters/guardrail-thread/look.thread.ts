import { parentPort } from 'node:worker_threads'
import { detectors, lookAtAll } from '../../guardrails/index.ts'
import type { Looked } from './thread-onlooker.ts'

const looking = detectors()

parentPort!.on('message', (text: string) => {
  const bugs: string[] = []
  const note = (error: unknown) => bugs.push(error instanceof Error ? (error.stack ?? error.message) : 'not an Error')
  parentPort!.postMessage({ sight: lookAtAll(text, looking, note), bugs } satisfies Looked)
})
