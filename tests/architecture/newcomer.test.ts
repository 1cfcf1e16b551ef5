import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { existsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import type * as ControlPlanes from '../support/control-plane.ts'
import type * as McpClients from '../support/mcp-client.ts'
import type * as Imports from './imports.ts'

type LineServer = () => Promise<{ readonly url: string; readonly stop: () => Promise<void> }>

const root = join(import.meta.dirname, '../..')
const src = 'apps/castellan/src'
const added = `${src}/adapters/connector-line-tcp`

/** What "Add a connector" in ARCHITECTURE.md has a newcomer change: in which file, what, and into what. */
const changes: readonly (readonly [file: string, from: string, to: string])[] = [
  [`${src}/registry/server.ts`, `  'openapi',\n] as const`, `  'openapi',\n  'line-tcp',\n] as const`],
  [`${src}/registry/server.ts`, `| 'http-adapter'\n`, `| 'http-adapter' | 'line-tcp'\n`],
  [`${src}/registry/check-spec.ts`, `  openapi: web,\n`, `  openapi: web,\n  'line-tcp': ['tcp:'],\n`],
  ['packages/contracts/src/server.ts', `'http-adapter'])`, `'http-adapter', 'line-tcp'])`],
  ['packages/contracts/src/server.ts', `'http-adapter', 'openapi'])`, `'http-adapter', 'openapi', 'line-tcp'])`],
  [`${src}/api/rest/wire/server.ts`, `    case 'http-adapter': {`, `    case 'http-adapter':\n    case 'line-tcp': {`],
  [
    'tests/architecture/import-map.ts',
    `  'policy-cedar': io(`,
    `  'connector-line-tcp': io([...ground, 'registry', 'gate']),\n  'policy-cedar': io(`,
  ],
  [`${src}/app/compose.ts`, `.openApiConnector),`, `.openApiConnector),\n    lineTcpConnector,`],
  [
    `${src}/app/compose.ts`,
    `import { prometheus }`,
    `import { lineTcpConnector } from '../adapters/connector-line-tcp/index.ts'\nimport { prometheus }`,
  ],
]

describe('a newcomer who does what ARCHITECTURE.md says under "Add a connector"', { timeout: 110_000 }, () => {
  let copy: string
  before(async () => {
    copy = await copyOfRepository()
    await cp(join(import.meta.dirname, 'newcomer/connector-line-tcp'), join(copy, added), { recursive: true })
    for (const [file, from, to] of changes) await change(join(copy, file), from, to)
  })
  after(() => rm(copy, { recursive: true, force: true }))

  test('finds every file and name of the text, and has to touch no file it does not name', async () => {
    const section = await addAConnector()
    const { paths, words } = named(section)
    const files = paths
      .map(path => placeOf(path))
      .map(path => {
        assert.ok(existsSync(join(copy, path)), `ARCHITECTURE.md names ${path}, which does not exist`)
        return path
      })
    for (const file of new Set(changes.map(([file]) => file))) {
      assert.ok(files.includes(file), `ARCHITECTURE.md does not say that ${file} must be changed`)
    }
    const texts = await Promise.all(
      files.filter(file => file.endsWith('.ts')).map(file => readFile(join(copy, file), 'utf8')),
    )
    for (const word of words) {
      assert.ok(
        texts.some(text => new RegExp(`\\b${word}\\b`).test(text)),
        `none of the files named has ${word}`,
      )
    }
    assert.ok(words.length > 15 && files.length > 9, 'the section is read')
  })

  test('has a connector that keeps the promises of the port', async () => {
    const { code, output } = await run(
      'node',
      ['--test', '--test-reporter=tap', `${added}/line-tcp-connector.test.ts`],
      copy,
    )
    assert.equal(code, 0, output)
    assert.match(output, /^# pass 1[0-9]$/m)
  })

  test('has a product that type-checks and keeps to the import map', async () => {
    const { code, output } = await run('tsc', ['--noEmit', '--project', 'tsconfig.newcomer.json'], copy)
    assert.equal(code, 0, output)
    const { checkImports } = await load<typeof Imports>(copy, 'tests/architecture/imports.ts')
    assert.deepEqual(checkImports(copy), [])
  })

  test('registers a server of the transport over REST, and calls its tool through /mcp', async () => {
    const { controlPlane } = await load<typeof ControlPlanes>(copy, 'tests/support/control-plane.ts')
    const { connect, callTool } = await load<typeof McpClients>(copy, 'tests/support/mcp-client.ts')
    const { lineServer } = await load<{ lineServer: LineServer }>(copy, `${added}/fixtures/line-server.ts`)
    const server = await lineServer()
    const castellan = await controlPlane()
    try {
      const spec = {
        name: 'lines',
        transport: 'line-tcp',
        url: server.url,
        headers: { Token: 's3cret' },
        trusted: true,
      }
      const stored = await castellan.ask('POST', '/api/mcp-servers', spec)
      const client = await connect(castellan, '2026-07-28')
      const told = await callTool(client, 'lines__echo', { text: 'hello over lines' })
      await client.close()
      assert.equal(stored['transport'], 'line-tcp')
      assert.deepEqual(told, { text: 'hello over lines', outcome: 'ok' })
    } finally {
      await castellan[Symbol.asyncDispose]()
      await server.stop()
    }
  })
})

async function load<T>(copy: string, file: string): Promise<T> {
  return (await import(join(copy, file))) as T
}

async function copyOfRepository(): Promise<string> {
  const copy = await mkdtemp(join(tmpdir(), 'castellan-newcomer-'))
  const skipped = new Set(['node_modules', 'trees', 'newcomer', 'dist', '.castellan'])
  for (const part of [
    'apps/castellan',
    'packages',
    'tests/support',
    'tests/architecture',
    'package.json',
    'tsconfig.json',
  ]) {
    await cp(join(root, part), join(copy, part), { recursive: true, filter: path => !skipped.has(basename(path)) })
  }
  const project = { extends: './tsconfig.json', include: ['apps', 'packages'] }
  await writeFile(join(copy, 'tsconfig.newcomer.json'), JSON.stringify(project))
  const modules = join(copy, 'node_modules')
  await mkdir(join(modules, '@castellan'), { recursive: true })
  for (const name of await readdir(join(root, 'node_modules'))) {
    if (name !== '@castellan') await symlink(join(root, 'node_modules', name), join(modules, name))
  }
  for (const name of await readdir(join(root, 'packages'), { withFileTypes: true })) {
    if (name.isDirectory()) await symlink(join(copy, 'packages', name.name), join(modules, '@castellan', name.name))
  }
  return copy
}

async function change(file: string, from: string, to: string): Promise<void> {
  const text = await readFile(file, 'utf8')
  assert.ok(text.includes(from), `${file} has no ${from}`)
  await writeFile(file, text.replaceAll(from, to))
}

async function addAConnector(): Promise<string> {
  const text = await readFile(join(root, 'ARCHITECTURE.md'), 'utf8')
  const section = /^## Add a connector$([^]*?)^## /m.exec(text)?.[1]
  assert.ok(section, 'ARCHITECTURE.md has no section "Add a connector"')
  return section.replaceAll('<name>', 'line-tcp')
}

/** What a text names in code type: files, and words of their code. Commands are neither. */
function named(section: string): { readonly paths: readonly string[]; readonly words: readonly string[] } {
  const quoted = [...section.matchAll(/`([^`\n]+)`/g)].map(([, each]) => each!)
  const isPath = (each: string) => /^[\w./-]+(\.ts|\/)$/.test(each) || each === src
  const links = [...section.matchAll(/\]\(([^)]+)\)/g)].map(([, each]) => each!)
  return {
    paths: [...new Set([...quoted.filter(isPath), ...links])],
    words: quoted.filter(each => /^[A-Za-z]+$/.test(each)),
  }
}

function placeOf(path: string): string {
  if (/^(apps|packages|tests)\//.test(path)) return path
  const inside = path === 'index.ts' || path === 'fixtures/' || path.endsWith('.test.ts')
  return inside ? `${added}/${path}` : `${src}/${path}`
}

function run(program: 'node' | 'tsc', args: readonly string[], cwd: string): Promise<{ code: number; output: string }> {
  const bin = program === 'node' ? process.execPath : join(root, 'node_modules/.bin', program)
  const env: NodeJS.ProcessEnv = {
    ...process.env,
    PATH: `${join(root, 'node_modules/.bin')}:${process.env['PATH'] ?? ''}`,
  }
  delete env['NODE_TEST_CONTEXT']
  return new Promise(done => {
    execFile(bin, args, { cwd, env, timeout: 60_000 }, (error, stdout, stderr) => {
      done({ code: error ? Number(error.code ?? -1) : 0, output: stdout + stderr })
    })
  })
}
