// Preloaded (`node --expose-gc --import`) where memory is measured: SIGUSR2 collects garbage, so that what is left is held.
import { isMainThread } from 'node:worker_threads'

if (isMainThread) process.on('SIGUSR2', () => globalThis.gc?.())
