// Runs a script with the Node that `npm ci` brought, also where npm did not link it: plain JavaScript, for any Node.
// usage: node scripts/node24.js SCRIPT [ARGUMENT …]
import { spawn } from 'node:child_process'
import { createRequire } from 'node:module'
import { constants } from 'node:os'
import { delimiter, dirname } from 'node:path'

const NEEDED = 24
const node = Number(process.versions.node.split('.')[0]) >= NEEDED ? process.execPath : bundledNode()
if (node === undefined) {
  console.error(
    `This needs Node ${NEEDED} or newer; this is ${process.versions.node}. Run "npm ci", or install it from https://nodejs.org.`,
  )
  process.exit(2)
}
// First on the path, so that whatever the script starts finds the same Node.
const env = { ...process.env, PATH: `${dirname(node)}${delimiter}${process.env.PATH ?? ''}` }
const child = spawn(node, process.argv.slice(2), { stdio: 'inherit', env })
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
child.on('exit', (code, signal) => process.exit(code ?? 128 + constants.signals[signal]))

function bundledNode() {
  try {
    return createRequire(import.meta.url).resolve(`node-${process.platform}-${process.arch}/bin/node`)
  } catch {
    return undefined
  }
}
