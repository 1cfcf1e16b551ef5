import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { catalogueProblems } from './error-reference.ts'
import { brokenFences } from './fences.ts'
import { brokenLinks } from './links.ts'
import { lockfileProblems } from './lockfile.ts'

const catalogue = { NAME_TAKEN: { kind: 'conflict', retryable: false }, BUSY: { kind: 'exhausted', retryable: true } }
const nameTaken = '### NAME_TAKEN\n\n*conflict*\n\nChoose another.\n\n'
const busy = '### BUSY\n\n*exhausted, retryable*\n\nTry again.\n'

test('an error reference that has every fault and no other is good', () => {
  assert.deepEqual(catalogueProblems(`# Errors\n\n${nameTaken}${busy}`, catalogue), [])
})

test('a fault without an entry and an entry without a fault are both reported', () => {
  const problems = catalogueProblems(`${nameTaken}### GONE\n\n*invalid*\n\nText.\n`, catalogue)
  assert.equal(problems.length, 2)
  assert.match(problems[0]!, /BUSY is missing/)
  assert.match(problems[1]!, /there is no fault GONE/)
})

test('an entry that says another kind or explains nothing is reported', () => {
  assert.match(catalogueProblems(`${nameTaken}${busy.replace(', retryable', '')}`, catalogue)[0]!, /first line of BUSY/)
  assert.match(
    catalogueProblems(`${nameTaken}### BUSY\n\n*exhausted, retryable*\n`, catalogue)[0]!,
    /BUSY does not say/,
  )
})

test('links to files and headings that exist are good, and others are reported', t => {
  const root = folder(t, { 'other.md': '# A title, with `code`\n', 'text.md': '' })
  const good =
    '[a](other.md) [b](other.md#a-title-with-code) [c](https://example.org/x) `[d](no.md)`\n```\n[e](no.md)\n```\n'
  assert.deepEqual(brokenLinks(root, 'text.md', good), [])
  assert.deepEqual(brokenLinks(root, 'text.md', '[a](no.md)\n'), ['text.md: the link to no.md leads nowhere'])
  assert.deepEqual(brokenLinks(root, 'text.md', '[a](other.md#no)\n'), ['text.md: other.md has no heading for #no'])
})

test('code in a document must equal the region it is cut from', t => {
  const root = folder(t, { 'code.ts': 'const a = 1\n  // #region use\n  use(a)\n  // #endregion\n' })
  const fence = (source: string, code: string) => `${source}\n\`\`\`ts\n${code}\n\`\`\`\n`
  assert.deepEqual(brokenFences(root, 'x.md', fence('<!-- from: code.ts#use -->', 'use(a)')), [])
  assert.match(
    brokenFences(root, 'x.md', fence('<!-- from: code.ts#use -->', 'use(b)'))[0]!,
    /differs from code\.ts#use/,
  )
  assert.match(brokenFences(root, 'x.md', fence('<!-- from: code.ts#no -->', 'use(a)'))[0]!, /no such region/)
  assert.match(brokenFences(root, 'x.md', fence('<!-- from: no.ts -->', 'use(a)'))[0]!, /not there/)
  assert.match(brokenFences(root, 'x.md', fence('', 'use(a)'))[0]!, /does not say where/)
})

test('a lockfile that names a registry or brings an install script is reported', () => {
  const lock = (entry: object) => JSON.stringify({ packages: { 'node_modules/x': entry } })
  assert.deepEqual(lockfileProblems('package-lock.json', lock({ version: '1.0.0', resolved: 'packages/x' })), [])
  assert.equal(
    lockfileProblems('package-lock.json', lock({ resolved: 'https://registry.example.org/x.tgz' })).length,
    1,
  )
  assert.equal(lockfileProblems('package-lock.json', lock({ hasInstallScript: true })).length, 1)
})

function folder(t: TestContext, files: Readonly<Record<string, string>>): string {
  const root = mkdtempSync(join(tmpdir(), 'castellan-docs-'))
  t.after(() => rmSync(root, { recursive: true }))
  for (const [name, text] of Object.entries(files)) writeFileSync(join(root, name), text)
  return root
}
