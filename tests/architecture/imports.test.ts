import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { checkImports } from './imports.ts'
import { references } from './scan.ts'

const trees = join(import.meta.dirname, 'trees')
const src = 'apps/castellan/src'

/** What is wrong with each tree; `good` is the one with nothing wrong. */
const bad: Readonly<Record<string, readonly [place: string, message: string]>> = {
  sideways: [`${src}/journal/index.ts:1`, 'journal may not import gate'],
  'type-only': [`${src}/journal/index.ts:1`, 'journal may not import gate'],
  're-export': [`${src}/journal/index.ts:1`, 'journal may not import gate'],
  dynamic: [`${src}/journal/index.ts:1`, 'journal may not import gate'],
  'late-import': [`${src}/gate/index.ts:1`, 'an import() here hides what the file needs'],
  'inline-type': [`${src}/journal/index.ts:1`, 'journal may not import gate'],
  'worker-file': [`${src}/journal/index.ts:1`, 'journal may not import gate'],
  computed: [`${src}/journal/index.ts:2`, 'an import that is computed cannot be checked'],
  'around-the-door': [`${src}/gate/index.ts:1`, 'enter journal through its index.ts'],
  'test-around-the-door': [`${src}/gate/gate.test.ts:1`, 'enter journal through its index.ts'],
  'adapter-to-adapter': [`${src}/adapters/connector-adapter/index.ts:1`, 'an adapter never imports another'],
  'adapter-without-that-port': [
    `${src}/adapters/policy-cedar/index.ts:1`,
    'adapters/policy-cedar may not import registry',
  ],
  'surface-to-adapter': [`${src}/api/index.ts:1`, 'only app imports adapters'],
  'app-outside-main': [`${src}/cli/index.ts:1`, 'only main.ts imports app'],
  'undeclared-package': [`${src}/gate/index.ts:1`, 'gate does not declare the package zod'],
  'undeclared-test-package': [`${src}/gate/gate.test.ts:1`, 'no package.json declares sinon'],
  'package-subpath': [`${src}/journal/index.ts:1`, 'import @castellan/contracts through its exports'],
  'package-by-path': [`${src}/journal/index.ts:1`, 'import @castellan/contracts by its name'],
  'package-in-kernel': [`${src}/kernel/index.ts:1`, 'kernel may not import @castellan/contracts'],
  'contracts-need-node': ['packages/contracts/src/index.ts:1', '@castellan/contracts runs anywhere, so no node:crypto'],
  'file-access-in-domain': [`${src}/gate/index.ts:1`, 'gate does no I/O, so no node:fs/promises'],
  'fetch-in-domain': [`${src}/gate/index.ts:1`, 'gate does no I/O, so no fetch'],
  'bare-builtin': [`${src}/cli/index.ts:1`, 'write node:fs/promises'],
  'unknown-folder': [`${src}/billing/index.ts:1`, 'billing has no row in the import map'],
  'unknown-adapter': [`${src}/adapters/store-mongo/index.ts:1`, 'adapters/store-mongo has no row'],
  'unknown-package': ['packages/toolbox/src/index.ts:1', '@castellan/toolbox has no row'],
  'second-root-file': [`${src}/setup.ts:1`, 'setup has no row'],
  'folder-named-utils': [`${src}/gate/utils/text.ts:1`, 'a folder named utils says nothing'],
  'export-star': [`${src}/gate/index.ts:1`, 'no "export *"'],
  cycle: [
    `${src}/gate/a.ts:1`,
    `imports go round in a circle: ${src}/gate/a.ts -> ${src}/gate/b.ts -> ${src}/gate/a.ts`,
  ],
  environment: [`${src}/gate/index.ts:1`, 'only config and main read process.env'],
  'environment-by-import': [`${src}/gate/index.ts:1`, 'only config and main read process.env'],
  'environment-taken-apart': [`${src}/gate/index.ts:1`, 'only config and main read process.env'],
  'product-needs-test': [`${src}/gate/index.ts:1`, `${src}/gate/gate.testsuite.ts is for tests`],
  outside: [`${src}/gate/index.ts:1`, "scripts/check.ts is outside of the product's sources"],
}

test('the imports of this repository keep to the map', () => {
  assert.deepEqual(checkImports(join(import.meta.dirname, '../..')), [])
})

test('a good tree has no problems', () => {
  assert.deepEqual(checkImports(join(trees, 'good')), [])
})

describe('a bad tree is reported with its one problem', () => {
  for (const [name, [place, message]] of Object.entries(bad)) {
    test(name, () => {
      const problems = checkImports(join(trees, name))
      assert.equal(problems.length, 1, JSON.stringify(problems))
      assert.equal(`${problems[0]?.file}:${problems[0]?.line}`, place)
      assert.ok(problems[0]?.message.startsWith(message), problems[0]?.message)
    })
  }
})

test('every tree is looked at', () => {
  assert.deepEqual(readdirSync(trees).toSorted(), ['good', ...Object.keys(bad)].toSorted())
})

test('words in strings, comments and templates are not imports', () => {
  const text =
    "// import './a.ts'\nconst text = \"export * from './b.ts'\"\nconst t = `import('./c.ts') ${text}`\nexport { t }\n"
  assert.deepEqual(references('x.ts', text), [])
})

test('a file that does not parse is an error and not a pass', () => {
  assert.throws(() => references('x.ts', 'import { from'), /x\.ts does not parse/)
})
