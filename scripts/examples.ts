// npm run examples -- [name …]
import { spawn } from 'node:child_process'
import { globSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { requireNode } from './node-version.ts'

requireNode()

const root = join(import.meta.dirname, '..')
const wanted = process.argv.slice(2)
const stories = globSync('examples/*/main.ts', { cwd: root }).toSorted()
const unknown = wanted.filter(name => !stories.some(path => nameOf(path) === name))
if (unknown.length > 0) {
  console.error(`There is no example "${unknown[0]}"; there are ${stories.map(nameOf).join(', ')}.`)
  process.exit(1)
}
for (const path of stories) {
  if (wanted.length > 0 && !wanted.includes(nameOf(path))) continue
  console.log(`== ${nameOf(path)}`)
  const code = await told(path)
  console.log(`${code === 0 ? '✔' : '✖'} ${nameOf(path)}`)
  if (code !== 0) process.exitCode = 1
}

function nameOf(path: string): string {
  return basename(dirname(path))
}

function told(path: string): Promise<number> {
  const child = spawn(process.execPath, [path], { cwd: root, stdio: 'inherit' })
  return new Promise(resolve => child.on('close', code => resolve(code ?? 1)))
}
