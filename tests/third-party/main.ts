// npm run third-party [-- part of a path …]
// Clients that others wrote, against a control plane: installs them beside this file, checks the types, runs the tests.
import { spawn } from 'node:child_process'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** Milliseconds after which npm is given up; it has been seen to look for a missing package for ever. */
const INSTALL_TIMEOUT = 240_000
/** Milliseconds after which one test is given up. */
const TEST_TIMEOUT = 60_000

const here = import.meta.dirname
const root = join(here, '../..')
const parts = process.argv.slice(2)
const files = globSync('*.test.ts', { cwd: here })
  .filter(file => parts.length === 0 || parts.some(part => file.includes(part)))
  .toSorted()

if (files.length === 0) {
  console.error(`No test file here has ${parts.map(part => `"${part}"`).join(' or ')} in its name.`)
  process.exit(1)
}
if (!isInstalled()) await run('npm', ['ci', '--prefix', here, '--no-progress'], INSTALL_TIMEOUT)
await run(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '--noEmit', '-p', here])
await run(process.execPath, [
  '--test',
  `--test-timeout=${TEST_TIMEOUT}`,
  '--test-concurrency=2',
  `--test-reporter=${new URL('../../scripts/test-reporter.ts', import.meta.url).href}`,
  '--test-reporter-destination=stdout',
  `--import=${new URL('../support/leaks.ts', import.meta.url).href}`,
  ...files.map(file => join(here, file)),
])

/** Whether what is there is what the lockfile says; npm keeps account of it. */
function isInstalled(): boolean {
  try {
    return versions('node_modules/.package-lock.json') === versions('package-lock.json')
  } catch {
    return false
  }
}

function versions(lockfile: string): string {
  const text = readFileSync(join(here, lockfile), 'utf8')
  const { packages } = JSON.parse(text) as { packages: Record<string, { version: string; optional?: true }> }
  const installed = Object.entries(packages).filter(([path, { optional }]) => path !== '' && !optional)
  return installed.map(([path, { version }]) => `${path} ${version}`).join('\n')
}

/** Ends this process with the same code when it fails. */
async function run(command: string, args: readonly string[], timeout?: number): Promise<void> {
  const child = spawn(command, args, { cwd: root, stdio: 'inherit', timeout })
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => child.kill(signal))
  const { promise, resolve, reject } = Promise.withResolvers<number>()
  child.on('error', reject)
  child.on('close', code => resolve(code ?? 1))
  const code = await promise
  if (timeout !== undefined && child.killed) console.error(`${command} did not end within ${timeout / 1_000} s.`)
  if (code !== 0) process.exit(code)
}
