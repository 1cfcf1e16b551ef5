// npm test -- [part of a path …] [--name <pattern>] [--seed N|random] [--coverage]
import { spawn } from 'node:child_process'
import { globSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { requireNode } from './node-version.ts'

requireNode()

/** Milliseconds after which one test is given up; a machine may be ten times slower than the next. */
const TEST_TIMEOUT = 600_000
const CONCURRENCY = Math.min(4, availableParallelism())

const root = join(import.meta.dirname, '..')
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { coverage: { type: 'boolean', default: false }, name: { type: 'string' }, seed: { type: 'string' } },
})

const files = testFiles(positionals)
if (files.length === 0) {
  console.error(`No test file has ${positionals.map(it => `"${it}"`).join(' or ')} in its path.`)
  process.exit(1)
}
const runner = spawn(process.execPath, options(), { cwd: root, stdio: 'inherit', env: environment() })
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => runner.kill(signal))
runner.on('close', code => (process.exitCode = code ?? 1))

function testFiles(parts: readonly string[]): string[] {
  const skipped = /(^|\/)(node_modules|dist|\.git|\.castellan)$|^tests\/(architecture\/(trees|newcomer)|third-party)$/
  return globSync('**/*.test.ts', { cwd: root, exclude: path => skipped.test(path) })
    .filter(path => parts.length === 0 || parts.some(part => path.includes(part.replace(/^\.\//, ''))))
    .toSorted()
}

function options(): string[] {
  return [
    '--test',
    `--test-concurrency=${CONCURRENCY}`,
    `--test-timeout=${TEST_TIMEOUT}`,
    `--test-reporter=${new URL('./test-reporter.ts', import.meta.url).href}`,
    '--test-reporter-destination=stdout',
    // A whole URL, because processes started by tests in other folders inherit it.
    `--import=${new URL('../tests/support/leaks.ts', import.meta.url).href}`,
    ...(values.name === undefined ? [] : [`--test-name-pattern=${values.name}`]),
    ...(values.coverage ? coverage() : []),
    ...files,
  ]
}

function coverage(): string[] {
  return [
    '--experimental-test-coverage',
    '--test-coverage-include=apps/castellan/src/**',
    '--test-coverage-include=packages/*/src/**',
    '--test-coverage-exclude=**/*.test.ts',
    '--test-coverage-exclude=**/*.testsuite.ts',
    '--test-coverage-exclude=**/fixtures/**',
  ]
}

// The reporter runs in the runner, which takes no arguments of ours. Thresholds only make sense for a whole run.
function environment(): NodeJS.ProcessEnv {
  const whole = positionals.length === 0 && values.name === undefined
  return { ...process.env, CASTELLAN_COVERAGE_MUST_SUFFICE: whole ? '1' : '', CASTELLAN_TEST_SEED: values.seed ?? '' }
}
