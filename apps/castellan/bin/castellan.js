#!/usr/bin/env -S node --max-semi-space-size=4
// Plain JavaScript for whatever Node a machine has: finds a Node that can run the product, or says which one is needed.
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { constants } from 'node:os'
import { fileURLToPath } from 'node:url'

const NEEDED = 24
// In MB. What a call leaves behind is garbage soon: collected in small portions it makes no long pauses, and no large heap.
const YOUNG = '--max-semi-space-size=4'
// glibc keeps heaps for many threads and gives little of them back: with two, memory stays where it was after a first load.
const FEW_HEAPS = { MALLOC_ARENA_MAX: '2' }

if (Number(process.versions.node.split('.')[0]) >= NEEDED) {
  await import('./run.js')
} else {
  const bundled = bundledNode()
  if (bundled === undefined) {
    console.error(
      `Castellan needs Node ${NEEDED} or newer; this is ${process.versions.node}. Install it from https://nodejs.org.`,
    )
    process.exit(2)
  }
  runWith(bundled)
}

/** Stands aside: signals go to the child, and the child's end is ours. */
function runWith(node) {
  const run = fileURLToPath(new URL('run.js', import.meta.url))
  const env = { ...FEW_HEAPS, ...process.env }
  const child = spawn(node, [YOUNG, run, ...process.argv.slice(2)], { stdio: 'inherit', env })
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
  child.on('error', error => {
    console.error(`Castellan cannot be started with ${node}: ${error.message}`)
    process.exit(1)
  })
  child.on('exit', (code, signal) => process.exit(code ?? 128 + constants.signals[signal]))
}

function bundledNode() {
  try {
    const require = createRequire(import.meta.url)
    const path = require.resolve(`node-${process.platform}-${process.arch}/bin/node`)
    return existsSync(path) ? path : undefined
  } catch {
    return undefined
  }
}
