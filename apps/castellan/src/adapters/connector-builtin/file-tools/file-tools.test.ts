import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import {
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { rename } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { fc } from '../../../../../../tests/support/properties.ts'
import type { JsonObject } from '../../../kernel/index.ts'
import { type BuiltIn, builtIn, connector, temporaryFolder } from '../fixtures/built-in.ts'
import { fitsGlob } from './glob.ts'

const SECRET = 'what nobody is to see'

/** A granted root with everything in it that could lead out, and an outside that must stay as it is. */
async function hostileTree(settings: JsonObject = {}): Promise<{
  readonly root: string
  readonly outside: string
  readonly files: BuiltIn
  readonly [Symbol.asyncDispose]: () => Promise<void>
}> {
  const folder = temporaryFolder()
  const root = join(folder.path, 'root')
  const outside = join(folder.path, 'outside')
  for (const path of [root, outside, join(root, 'docs'), join(root, 'docs', 'deep'), join(root, '.hidden')])
    mkdirSync(path)
  writeFileSync(join(outside, 'secret.txt'), SECRET)
  writeFileSync(join(root, 'a.txt'), 'first')
  writeFileSync(join(root, 'docs', 'b.md'), 'second')
  writeFileSync(join(root, 'docs', 'deep', 'c.md'), 'third')
  writeFileSync(join(root, '.hidden', 'd.txt'), 'fourth')
  symlinkSync(outside, join(root, 'out'))
  symlinkSync('../outside', join(root, 'sideways'))
  symlinkSync(join(outside, 'secret.txt'), join(root, 'secret.txt'))
  symlinkSync('..', join(root, 'docs', 'up'))
  symlinkSync(join(outside, 'new.txt'), join(root, 'new.txt'))
  execFileSync('mkfifo', [join(root, 'pipe')])
  const files = await builtIn('file_tools', { roots: [root], ...settings })
  return {
    root,
    outside,
    files,
    [Symbol.asyncDispose]: async () => {
      await files.link.close()
      folder[Symbol.dispose]()
    },
  }
}

const all = { write: true, delete: true }

/** The empty name is among them. */
const names = (
  ' a.txt docs deep b.md up out sideways secret.txt new.txt pipe .. . .hidden ' +
  'outside root ... ..\\ %2e%2e ~ \u2025 proc self fd etc passwd'
).split(' ')

describe('no path leads out of a root', () => {
  const name = fc.constantFrom(...names)
  const path = fc.oneof(
    fc.array(name, { minLength: 1, maxLength: 6 }).map(names => names.join('/')),
    fc.array(name, { minLength: 1, maxLength: 4 }).map(names => `/${names.join('/')}`),
    fc.string({ maxLength: 30 }),
  )
  const ask = fc.oneof(
    path.map(path => ['read_file', { path }] as const),
    path.map(path => ['list_files', { path, depth: 8 }] as const),
    path.map(path => ['stat', { path }] as const),
    path.map(path => ['delete_file', { path }] as const),
    fc
      .tuple(path, fc.constantFrom('create', 'overwrite', 'append'), fc.boolean())
      .map(([path, mode, make_folders]) => ['write_file', { path, mode, make_folders, content: 'written' }] as const),
  )

  test('whatever is asked: nothing outside is read, listed or changed', async () => {
    await using tree = await hostileTree({ ...all, hidden: true })
    const { outside, files } = tree
    await fc.assert(
      fc.asyncProperty(fc.array(ask, { maxLength: 8 }), async asks => {
        for (const [tool, args] of asks) {
          const reply = await files.ask(tool, args)
          assert.equal(reply.is, 'result')
          assert.ok(!JSON.stringify(reply).includes(SECRET), `${tool} ${JSON.stringify(args)} shows what is outside`)
        }
        assert.deepEqual(readdirSync(outside), ['secret.txt'])
        assert.equal(readFileSync(join(outside, 'secret.txt'), 'utf8'), SECRET)
        assert.deepEqual(readdirSync(join(outside, '..')).toSorted(), ['outside', 'root'])
      }),
      { numRuns: 400 },
    )
  })

  test('however a folder is swapped for a link meanwhile', async () => {
    await using tree = await hostileTree(all)
    const { root, outside, files } = tree
    writeFileSync(join(outside, 'b.md'), SECRET)
    symlinkSync(outside, join(root, 'trap'))
    const over = new AbortController()
    let swaps = 0
    const swapping = (async () => {
      while (!over.signal.aborted) {
        await rename(join(root, 'docs'), join(root, 'aside'))
        await rename(join(root, 'trap'), join(root, 'docs'))
        await rename(join(root, 'docs'), join(root, 'trap'))
        await rename(join(root, 'aside'), join(root, 'docs'))
        swaps++
      }
    })()
    let read = 0
    for (let round = 0; round < 300; round++) {
      const replies = await Promise.all([
        files.ask('read_file', { path: 'docs/b.md' }),
        files.ask('list_files', { path: 'docs', depth: 3 }),
        files.ask('write_file', { path: 'docs/w.txt', content: 'x', mode: 'overwrite' }),
      ])
      const said = JSON.stringify(replies)
      assert.ok(!said.includes(SECRET) && !said.includes('secret.txt'), said)
      if (said.includes('second')) read++
    }
    over.abort()
    await swapping
    assert.ok(swaps > 0 && read > 0, 'both sides were at work')
    assert.deepEqual(readdirSync(outside).toSorted(), ['b.md', 'secret.txt'])
  })
})

describe('files', () => {
  const refusals: readonly [what: string, tool: string, args: JsonObject, why: RegExp][] = [
    ['an absolute path', 'read_file', { path: '/etc/passwd' }, /absolute/],
    ['a way up', 'read_file', { path: 'docs/../../outside/secret.txt' }, /"\.\."/],
    ['a link to a file', 'read_file', { path: 'secret.txt' }, /not a regular file/],
    ['a link to a folder', 'read_file', { path: 'out/secret.txt' }, /links are not followed/],
    ['a pipe, which would never end', 'read_file', { path: 'pipe' }, /not a regular file/],
    ['a folder as a file', 'read_file', { path: 'docs' }, /not a regular file/],
    ['a hidden file', 'read_file', { path: '.hidden/d.txt' }, /hidden/],
    ['what is not there', 'read_file', { path: 'nothing.txt' }, /is not there/],
    ['a NUL', 'read_file', { path: 'a.txt\u0000.png' }, /control character/],
    ['an offset beyond the end', 'read_file', { path: 'a.txt', offset: 6 }, /beyond its end/],
    [
      'writing through a link',
      'write_file',
      { path: 'new.txt', content: 'x', mode: 'overwrite' },
      /not a regular file/,
    ],
    ['creating what is there', 'write_file', { path: 'a.txt', content: 'x' }, /there already/],
    ['content that is no base64', 'write_file', { path: 'n', content: '!', encoding: 'base64' }, /not base64/],
    ['more than may be written', 'write_file', { path: 'n', content: 'x'.repeat(1025) }, /1025 bytes, and 1024/],
    ['the root as a file', 'write_file', { path: '.', content: 'x' }, /the root is a folder/],
    ['deleting a folder', 'delete_file', { path: 'docs' }, /not a regular file/],
  ]
  for (const [what, tool, args, why] of refusals) {
    test(`${what} is refused, and it says so`, async () => {
      await using tree = await hostileTree({ ...all, max_size: '1KB' })
      assert.match(await tree.files.refusal(tool, args), why)
    })
  }

  test('cannot be written or deleted, and hidden ones not seen, unless that is said', async () => {
    await using tree = await hostileTree()
    const names = tree.files.tools.map(({ name }) => name)
    assert.deepEqual(names, ['read_file', 'list_files', 'stat'])
    const { entries } = await tree.files.structured<Listed>('list_files', { depth: 9 })
    assert.deepEqual(
      entries.filter(({ path }) => path.includes('.hidden')),
      [],
    )
  })

  test('are read in parts that go together again, without a broken character', async () => {
    await using tree = await hostileTree()
    const text = 'Grüße, 你好 🎉'.repeat(50)
    writeFileSync(join(tree.root, 'a.txt'), text)
    let whole = ''
    for (let offset: number | null = 0; offset !== null;) {
      const part: Part = await tree.files.structured<Part>('read_file', { path: 'a.txt', offset, length: 7 })
      whole += part.content
      offset = part.next_offset
    }
    assert.equal(whole, text)
  })

  test('of any bytes come as base64, and not as text', async () => {
    await using tree = await hostileTree()
    const bytes = Buffer.from([0xff, 0x00, 0x80])
    writeFileSync(join(tree.root, 'a.txt'), bytes)
    const { content } = await tree.files.structured<Part>('read_file', { path: 'a.txt', encoding: 'base64' })
    assert.deepEqual(Buffer.from(content, 'base64'), bytes)
    assert.match(await tree.files.refusal('read_file', { path: 'a.txt' }), /not text in UTF-8/)
  })

  test('are written whole, keep their permissions, and leave no draft', async () => {
    await using tree = await hostileTree({ ...all, hidden: true })
    const path = join(tree.root, 'docs', 'b.md')
    execFileSync('chmod', ['640', path])
    await tree.files.structured('write_file', { path: 'docs/b.md', content: 'new', mode: 'overwrite' })
    await tree.files.structured('write_file', { path: 'docs/b.md', content: 'er', mode: 'append' })
    await tree.files.structured('write_file', {
      path: 'fresh/sub/e.txt',
      content: 'ZQ==',
      encoding: 'base64',
      make_folders: true,
    })
    assert.equal(readFileSync(path, 'utf8'), 'newer')
    assert.equal(statSync(path).mode & 0o777, 0o640)
    assert.equal(readFileSync(join(tree.root, 'fresh/sub/e.txt'), 'utf8'), 'e')
    assert.deepEqual(readdirSync(join(tree.root, 'docs')).toSorted(), ['b.md', 'deep', 'up'])
    await tree.files.structured('delete_file', { path: 'docs/b.md' })
    assert.equal(existsSync(path), false)
  })

  test('that are created at the same time are created once', async () => {
    await using tree = await hostileTree(all)
    const writes = Array.from({ length: 20 }, (_, n) =>
      tree.files.ask('write_file', { path: 'one', content: String(n) }),
    )
    const replies = await Promise.all(writes)
    assert.equal(replies.filter(reply => reply.is === 'result' && reply.result.isError === false).length, 1)
  })

  test('are listed in order, by pattern, and only so many', async () => {
    await using tree = await hostileTree()
    const paths = async (args: JsonObject) =>
      (await tree.files.structured<Listed>('list_files', args)).entries.map(({ path }) => path)
    assert.deepEqual(await paths({ depth: 9, glob: '**/*.md' }), ['docs/b.md', 'docs/deep/c.md'])
    assert.deepEqual(await paths({ path: 'docs' }), ['b.md', 'deep', 'up'])
    const few = await tree.files.structured<Listed>('list_files', { limit: 2 })
    assert.deepEqual([few.entries.length, few.truncated], [2, true])
    const { kind } = await tree.files.structured<{ kind: string }>('stat', { path: 'out' })
    assert.equal(kind, 'link')
  })

  test('of several roots are found by the name of the root', async () => {
    await using tree = await hostileTree()
    const { root, outside } = tree
    await using files = await builtIn('file_tools', { roots: [root, outside] })
    const { content } = await files.structured<Part>('read_file', { root: 'outside', path: 'secret.txt' })
    assert.equal(content, SECRET)
    assert.match(await files.refusal('read_file', { path: 'a.txt' }), /say which root: root, outside/)
  })

  test("of the control plane itself are nobody's, by whatever name", async () => {
    using folder = temporaryFolder()
    const own = join(folder.path, 'castellan-data')
    mkdirSync(own)
    writeFileSync(join(own, 'master.key'), SECRET)
    await using files = await builtIn('file_tools', { roots: [folder.path] }, connector({ ownFolder: own }))
    assert.match(await files.refusal('read_file', { path: 'castellan-data/master.key' }), /own folder/)
    const { entries } = await files.structured<Listed>('list_files', { depth: 5 })
    assert.deepEqual(
      entries.map(({ path }) => path),
      ['castellan-data'],
    )
    await assert.rejects(builtIn('file_tools', { roots: [own] }, connector({ ownFolder: own })), /own folder/)
  })

  test('of processes are none, whatever the root', async () => {
    await assert.rejects(builtIn('file_tools', { roots: ['/proc'] }), /no files/)
    await using files = await builtIn('file_tools', { roots: ['/'] })
    assert.match(await files.refusal('read_file', { path: `proc/${process.pid}/environ` }), /no files/)
  })

  test('with a second name outside are files of the root: a hard link is no way out that could be seen', async () => {
    await using tree = await hostileTree()
    linkSync(join(tree.outside, 'secret.txt'), join(tree.root, 'hard.txt'))
    const { content } = await tree.files.structured<Part>('read_file', { path: 'hard.txt' })
    assert.equal(content, SECRET)
  })
})

describe('a pattern', () => {
  test('means what it says', () => {
    for (const [pattern, path, fits] of [
      ['*.md', 'a.md', true],
      ['*.md', 'docs/a.md', false],
      ['**/*.md', 'a.md', true],
      ['**/*.md', 'docs/deep/a.md', true],
      ['docs/**', 'docs/deep/a.md', true],
      ['d?cs/[a].md', 'docs/[a].md', true],
      ['a**b', 'axyb', true],
      ['', 'a', false],
    ] as const) {
      assert.equal(fitsGlob(pattern, path), fits, `${pattern} ${path}`)
    }
  })

  test('of many stars is done at once', () => {
    assert.equal(fitsGlob(`${'*a'.repeat(400)}b`, 'a'.repeat(4_000)), false)
    assert.equal(fitsGlob(`${'**/'.repeat(300)}b`, 'a/'.repeat(2_000)), false)
  })
})

interface Listed {
  readonly entries: readonly { readonly path: string }[]
  readonly truncated: boolean
}

interface Part {
  readonly content: string
  readonly next_offset: number | null
}
