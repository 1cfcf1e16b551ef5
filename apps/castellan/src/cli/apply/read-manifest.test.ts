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

  test('may name files of workflows beside it, and hold others', async t => {
    const file = write(t, 'workflows: [{ file: flows/a.yaml }, { definition: { name: b, nodes: [] } }]\n')
    mkdirSync(join(file, '../flows'))
    writeFileSync(join(file, '../flows/a.yaml'), '# As it is.\nname: a\n')
    assert.deepEqual(await readManifest(file), {
      workflows: [{ source: '# As it is.\nname: a\n' }, { definition: { name: 'b', nodes: [] } }],
    })
  })

  for (const [about, text, why] of [
    ['a section that does not exist', 'sevrers: []', /sevrers/],
    ['a field that does not exist', 'servers: [{ name: a, transport: stdio, comand: x }]', /servers\.0/],
    ['a list', '- a', /must be a mapping/],
    ['a key that comes twice', 'groups: []\ngroups: []', /line 2/],
    ['a reference in the middle', 'servers: [{ headers: { A: "Bearer ${env:T}" } }]', /servers\.0\.headers\.A/],
    [
      'a file of a workflow that is not there',
      'workflows: [{ file: nowhere }]',
      /workflows\.0\.file: "nowhere" cannot be read/,
    ],
    [
      'a workflow given twice',
      'workflows: [{ file: a, source: b }]',
      /workflows\.0: "source" cannot stand beside "file"/,
    ],
    ['a workflow that is not given', 'workflows: [{}]', /workflows\.0: must have "source" or "definition"/],
    ['an agent without a model', 'agents: [{ name: a }]', /agents\.0\.llm_config/],
    [
      'a secret in place of its name',
      'subscriptions: [{ name: a, topic: ">", webhook: { url: "http://h/", secret: { text: planted } } }]',
      /subscriptions\.0\.webhook\.secret/,
    ],
    [
      'a trigger whose secret nobody would see',
      'triggers: [{ name: a, source: { kind: webhook }, starts: { kind: agent, name: b } }]',
      /triggers\.0\.source\.secret: must name a stored secret/,
    ],
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
