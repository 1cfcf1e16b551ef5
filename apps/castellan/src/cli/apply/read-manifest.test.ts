import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test, type TestContext } from 'node:test'
import { readManifest } from './read-manifest.ts'

describe('a file that declares everything', () => {
  test('is read as it is, without the settings of the process', async t => {
    const file = write(t, 'settings: { port: 1 }\ngroups: [{ name: office, members: [] }]\n')
    assert.deepEqual(await readManifest(file), { groups: [{ name: 'office', members: [] }] })
  })

  test('may refer to variables of the control plane', async t => {
    const file = write(
      t,
      'servers: [{ name: a, transport: stdio, command: x, env: { T: "${env:TOKEN}", U: plain } }]\n',
    )
    const { servers } = await readManifest(file)
    assert.deepEqual(servers, [
      { name: 'a', transport: 'stdio', command: 'x', env: { T: { env: 'TOKEN' }, U: 'plain' } },
    ])
  })

  test('may name a folder of policies beside it', async t => {
    const file = write(t, 'policies: rules\n')
    mkdirSync(join(file, '../rules'))
    writeFileSync(join(file, '../rules/a.cedar'), 'forbid (principal, action, resource);')
    writeFileSync(join(file, '../rules/a.test.yaml'), '[]')
    assert.deepEqual(await readManifest(file), { policies: { 'a.cedar': 'forbid (principal, action, resource);' } })
  })

  for (const [about, text, why] of [
    ['a section that does not exist', 'sevrers: []', /sevrers/],
    ['a field that does not exist', 'servers: [{ name: a, transport: stdio, comand: x }]', /servers\.0/],
    ['a list', '- a', /must be a mapping/],
    ['a key that comes twice', 'groups: []\ngroups: []', /line 2/],
    ['a reference in the middle', 'servers: [{ headers: { A: "Bearer ${env:T}" } }]', /servers\.0\.headers\.A/],
    ['a folder of policies that is not there', 'policies: nowhere', /"nowhere" cannot be read/],
  ] as const) {
    test(`is refused for ${about}, with the place`, async t => {
      await assert.rejects(readManifest(write(t, text)), { code: 'REQUEST_INVALID', message: why })
    })
  }

  test('is refused without repeating what may be secret', async t => {
    const broken = ['servers: [{ name: a, env: { T: planted-secret', 'servers: [{ name: 3, transport: stdio, command: x, env: { T: planted-secret } }]'] // prettier-ignore
    for (const text of broken) {
      await assert.rejects(readManifest(write(t, text)), (error: Error) => !error.message.includes('planted'))
    }
  })
})

function write(t: TestContext, text: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'castellan-manifest-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const file = join(folder, 'castellan.yaml')
  writeFileSync(file, text)
  return file
}
