// npm run onnx: installs the packages that models run on for the tests that run one, once, in the user's cache. They are no
// dependencies of ours, since they weigh 140 MB and few installations run a model.
import { spawnSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { packagesOfTests } from '../apps/castellan/src/adapters/guardrail-onnx/fixtures/onnx-packages.ts'
import { runtimePackages } from '../apps/castellan/src/adapters/guardrail-onnx/runtime.ts'
import { requireNode } from './node-version.ts'

requireNode()
const place = packagesOfTests()
mkdirSync(place, { recursive: true })
writeFileSync(join(place, 'package.json'), '{ "private": true }\n')
const { status } = spawnSync('npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund', ...runtimePackages()], {
  cwd: place,
  stdio: 'inherit',
})
process.exitCode = status ?? 1
