import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { secretSourceSuite } from '../../registry/secret-source.testsuite.ts'
import { environmentSource } from './environment-source.ts'
import { fileSource } from './file-source.ts'

secretSourceSuite('the environment', async () => {
  const variables: Record<string, string> = {}
  return {
    source: environmentSource((name, tenant) =>
      tenant === 'default' && Object.hasOwn(variables, name) ? variables[name] : undefined,
    ),
    missing: 'NOT_SET',
    async put(tenant, value) {
      const name = `S${Object.keys(variables).length}`
      if (tenant === 'default') variables[name] = value
      return name
    },
    close: async () => undefined,
  }
})

for (const layout of ['', '{tenant}']) {
  secretSourceSuite(`a folder ${layout === '' ? 'of one tenant' : 'with a place for each tenant'}`, async () => {
    const root = await mkdtemp(join(tmpdir(), 'castellan-files-'))
    let files = 0
    return {
      source: fileSource(join(root, layout), 'default'),
      missing: 'not/there',
      async put(tenant, value) {
        const name = `db/s${files++}`
        const path = join(root, layout.replace('{tenant}', tenant), name)
        await mkdir(dirname(path), { recursive: true })
        await writeFile(path, value)
        return name
      },
      close: () => rm(root, { recursive: true }),
    }
  })
}

describe('files with secrets', () => {
  let root: string
  before(async () => {
    root = await mkdtemp(join(tmpdir(), 'castellan-files-'))
    await mkdir(join(root, 'mounted', '..data'), { recursive: true })
    await writeFile(join(root, 'outside'), 'hunter2')
  })
  after(() => rm(root, { recursive: true }))
  const read = (name: string) => fileSource(join(root, 'mounted'), 'default').read('default', name)

  test('one line break at the end is not part of the secret', async () => {
    for (const [text, value] of [
      ['a\n', 'a'],
      ['a\r\n', 'a'],
      ['a\n\n', 'a\n'],
      ['\n', ''],
      ['', ''],
    ] as const) {
      await writeFile(join(root, 'mounted', 's'), text)
      assert.equal(await read('s'), value)
    }
  })

  test('links may lead about within the folder, as mounted secrets have them, and not out of it', async () => {
    await writeFile(join(root, 'mounted', '..data', 'password'), 'hunter2')
    await symlink(join('..data', 'password'), join(root, 'mounted', 'password'))
    assert.equal(await read('password'), 'hunter2')
    await symlink(join(root, 'outside'), join(root, 'mounted', 'out'))
    await symlink(root, join(root, 'mounted', 'up'))
    for (const name of ['out', 'up/outside', '..data', 'mounted'])
      await assert.rejects(read(name), /no such file|no plain path/)
  })

  test('what is too large, a folder, or no text is refused without a word of it', async () => {
    await writeFile(join(root, 'mounted', 'large'), 'x'.repeat(65_537))
    await writeFile(join(root, 'mounted', 'binary'), Buffer.from([0x68, 0xff, 0xfe]))
    await mkdir(join(root, 'mounted', 'folder'))
    await assert.rejects(read('large'), /larger than 65536 bytes/)
    await assert.rejects(read('binary'), /not UTF-8/)
    await assert.rejects(read('folder'), { code: 'SECRET_UNREADABLE' })
  })
})
