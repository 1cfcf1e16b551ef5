// npm run check -- [step …] [--skip step]
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { requireNode } from './node-version.ts'

requireNode()

interface Step {
  readonly promise: string
  readonly command: readonly [program: string, ...args: string[]]
}

/** The whole gate, cheapest first. Every rule in CONTRIBUTING.md names its step, or is marked as taste. */
const steps: Readonly<Record<string, Step>> = {
  format: { promise: 'files are formatted', command: ['prettier', '--check', '--log-level=warn', '.'] },
  lint: {
    promise: 'no lint',
    command: ['oxlint', '--type-aware', '--deny-warnings', '--report-unused-disable-directives'],
  },
  types: { promise: 'types are right', command: ['tsc', '--noEmit'] },
  architecture: { promise: 'imports keep to the map', command: ['node', 'scripts/test.ts', 'tests/architecture/'] },
  docs: { promise: 'documents tell the truth', command: ['node', 'scripts/docs/main.ts'] },
  unused: { promise: 'nothing is unused', command: ['knip', '--no-progress'] },
  unit: { promise: 'tests pass', command: ['node', 'scripts/test.ts'] },
}

const root = join(import.meta.dirname, '..')
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { skip: { type: 'string', multiple: true, default: [] } },
})
for (const name of [...positionals, ...values.skip]) {
  if (name in steps) continue
  console.error(`There is no step "${name}"; the steps are ${Object.keys(steps).join(', ')}.`)
  process.exit(1)
}
const chosen = Object.entries(steps).filter(
  ([name]) => (positionals.length === 0 || positionals.includes(name)) && !values.skip.includes(name),
)
for (const [name, step] of chosen) {
  const start = performance.now()
  const { passed, output } = await run(step.command)
  const seconds = ((performance.now() - start) / 1000).toFixed(1)
  console.log(`${passed ? '✔' : '✖'} ${name.padEnd(13)} ${passed ? step.promise : 'not so'} (${seconds} s)`)
  if (passed) continue
  console.log(output.trimEnd().replace(/^/gm, '  '))
  process.exitCode = 1
}

async function run([program, ...args]: Step['command']): Promise<{ passed: boolean; output: string }> {
  const { promise, resolve } = Promise.withResolvers<{ passed: boolean; output: string }>()
  const bin = join(root, 'node_modules/.bin')
  const executable = program === 'node' ? process.execPath : join(bin, program)
  const child = spawn(executable, args, {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
    // The tools are scripts that ask the path for "node", which must be the one of this repository.
    env: { ...process.env, PATH: `${bin}:${process.env['PATH'] ?? ''}` },
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', chunk => (output += String(chunk)))
  child.on('error', error => resolve({ passed: false, output: error.message }))
  child.on('close', code => resolve({ passed: code === 0, output }))
  return await promise
}
