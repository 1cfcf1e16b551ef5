import assert from 'node:assert/strict'
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { promisify } from 'node:util'
import type { WorkflowExecution } from '@castellan/contracts'
import { freshPostgres } from '../../apps/castellan/src/adapters/store-sql/testing/fresh-postgres.ts'
import { build } from '../../scripts/build.ts'
import { adminOf } from '../support/rest.ts'
import { postgresForTests } from '../support/services.ts'

const app = join(import.meta.dirname, '../../apps/castellan')
const sources = join(app, 'src/main.ts')
const launcher = join(app, 'bin/castellan.js')
const listModules = join(import.meta.dirname, 'fixtures/loaded-modules.mjs')

/** Without the settings of whoever runs the tests. */
const bare = { PATH: process.env.PATH }

let folder: string
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'castellan-start-'))
})
after(() => rm(folder, { recursive: true }))

describe('to load as little as is needed', () => {
  const large = [
    'fastify',
    '@modelcontextprotocol',
    '@cedar-policy',
    'kysely',
    'pg',
    'undici',
    'ajv',
    'prom-client',
    'jose',
    '@ai-sdk',
  ]

  for (const argv of [['--help'], ['--version'], ['servers', 'add', '--help'], ['config', 'explain', '--data', 'x']]) {
    test(`"castellan ${argv.join(' ')}" loads nothing of the control plane`, async () => {
      const { packages, ours } = await loadedBy(argv)
      assert.deepEqual(packages.intersection(new Set(large)), new Set())
      assert.ok(ours.some(path => path.startsWith('cli/')))
      assert.deepEqual(
        ours.filter(path => /^(app|api|adapters)\//.test(path)),
        [],
      )
    })
  }

  test('a control plane that answers has loaded no connector, no driver it does not use, and no reference', async () => {
    const { packages, ours } = await loadedBy(['up', '--port', '0', '--data', join(folder, 'plane')], sources, {
      CASTELLAN_MODELS_PROVIDERS: JSON.stringify({
        local: { kind: 'openai-compatible', base_url: 'http://127.0.0.1:1' },
      }),
    })
    assert.ok(packages.has('fastify') && packages.has('@cedar-policy'))
    for (const later of ['pg', 'jose', '@fastify/swagger', '@modelcontextprotocol/client', 'undici', 'ws', '@ai-sdk']) {
      assert.equal(packages.has(later), false, later)
    }
    assert.deepEqual(
      ours.filter(path =>
        /^adapters\/(connector|identity-oidc|http-client|model-)|postgres\/|api\/rest\/reference/.test(path),
      ),
      [],
    )
  })

  test('who only answers has loaded nothing of the work, and who only works nothing of the answers', async t => {
    const postgres = await postgresForTests()
    if (postgres.skip !== false) return t.skip(postgres.skip)
    const { url, drop } = await freshPostgres(postgres.url)
    try {
      const start = ['up', '--json', '--port', '0', '--data', join(folder, 'roles'), '--database', url]
      const api = await loadedBy([...start, '--role', 'api'])
      assert.ok(api.packages.has('fastify') && api.ours.includes('app/answer.ts'))
      assert.deepEqual(
        api.ours.filter(path => /^worker\/|^app\/work\.ts|^adapters\/(fanout|connector-cluster)/.test(path)),
        [],
      )
      const worker = await loadedBy([...start, '--role', 'worker', '--public-url', 'http://127.0.0.1:1'])
      assert.ok(worker.ours.includes('app/work.ts'))
      assert.deepEqual(worker.packages.intersection(new Set(['fastify', 'ws', 'fastify-type-provider-zod'])), new Set())
      assert.deepEqual(
        worker.ours.filter(path => /^api\/|^app\/answer\.ts|^adapters\/(fanout|connector-cluster)/.test(path)),
        [],
      )
    } finally {
      await drop()
    }
  })
})

describe('the built form', () => {
  let form: string
  before(async () => {
    form = await build(app)
  })

  test('is what the launcher runs when it is of these sources', async () => {
    const { files } = await loadedBy(['--version'], launcher)
    assert.ok(files.includes(join(form, 'main.js')), files.join('\n'))
    assert.equal(files.includes(sources), false)
  })

  test('puts off what listing needs not: detectors, the REST API, and Cedar where its policies were in force before', async () => {
    const start = ['up', '--port', '0', '--data', join(folder, 'again')]
    const main = join(form, 'main.js')
    const first = await loadedBy(start, main)
    assert.ok(first.packages.has('@cedar-policy'), 'new policies are read before they are in force')
    const again = await loadedBy(start, main)
    assert.equal(again.packages.has('@cedar-policy'), false)
    const chunks = again.files.filter(file => file.startsWith(form))
    const sources = await Promise.all(chunks.map(sourcesOf))
    const loaded = sources.flat().join('\n')
    assert.match(loaded, /src\/api\/mcp\/index\.ts/)
    assert.doesNotMatch(loaded, /src\/guardrails\/detectors\.ts|src\/api\/rest\/routes\//)
  })

  test('is made once by those who make it at the same time', async () => {
    assert.deepEqual(await Promise.all([build(app), build(app)]), [form, form])
    assert.ok(existsSync(join(form, 'main.js')))
  })

  test('does what the demo promises, with its threads and its servers', { timeout: 60_000 }, async () => {
    const { stdout, stderr } = await promisify(execFile)(process.execPath, [join(form, 'main.js'), 'demo'], {
      env: bare,
    })
    assert.match(stdout, /Everything was so/, stderr)
  })

  test('looks at a long text in its thread, and sees what the sources see', async () => {
    const file = join(folder, 'long.txt')
    await writeFile(file, `${'The agenda lies on the table. '.repeat(10_000)}Write to ann.marsh@example.org.`)
    const seen = []
    for (const main of [sources, join(form, 'main.js')]) {
      const argv = [main, 'guardrails', 'scan', file, '--json']
      seen.push((await promisify(execFile)(process.execPath, argv, { env: bare, cwd: folder })).stdout)
    }
    assert.match(seen[0]!, /"email"/)
    assert.match(seen[0]!, /"unavailable": ?\[\]/)
    assert.equal(seen[1], seen[0])
  })

  test('answers with the same OpenAPI document as the sources', async () => {
    const documents = []
    for (const main of [sources, join(form, 'main.js')]) {
      const document = async (url: string) => (await fetch(`${url}/api/openapi.json`)).text()
      documents.push(await whileUp(main, join(folder, String(documents.length)), document))
    }
    assert.ok(documents[0]!.length > 10_000)
    assert.equal(documents[1], documents[0])
  })

  test('evaluates the expressions of workflows in a thread that is for them', async () => {
    const source =
      'name: sum\nnodes: [{ id: add, type: transform, expression: input.a + input.b }]\noutput: "=nodes.add.output"'
    const data = join(folder, 'workflows')
    const ended = await whileUp(join(form, 'main.js'), data, async url => {
      const { must } = await adminOf(url, data)
      return must<WorkflowExecution>('POST', '/workflows/execute', { body: { source, input: { a: 20, b: 22 } } })
    })
    assert.deepEqual([ended.error, ended.output], [null, 42])
  })

  test('tells a bug by the lines that were written', async () => {
    const text = await readFile(join(form, 'adapters-store-sql-sqlite-writer.js.map'), 'utf8')
    const { sources: named } = JSON.parse(text) as { sources: string[] }
    assert.ok(named.some(source => source.endsWith('sqlite/writer.ts')))
  })
})

interface Loaded {
  /** Of node_modules; a scope stands for its packages as well. */
  readonly packages: ReadonlySet<string>
  /** Paths below `src`. */
  readonly ours: readonly string[]
  readonly files: readonly string[]
}

/** The files a chunk was made of. */
async function sourcesOf(chunk: string): Promise<readonly string[]> {
  const map = await readFile(`${chunk}.map`, 'utf8').catch(() => '{"sources":[]}')
  return (JSON.parse(map) as { sources: string[] }).sources
}

async function loadedBy(argv: readonly string[], main = sources, settings = {}): Promise<Loaded> {
  const list = join(folder, 'modules')
  const env = { ...bare, ...settings, LOADED_MODULES: list }
  const child = spawn(process.execPath, ['--import', listModules, main, ...argv], { env, cwd: folder })
  const ended = once(child, 'close')
  for await (const chunk of child.stdout) if (/first key|key_file|"health"/.test(String(chunk))) child.kill('SIGTERM')
  assert.equal((await ended)[0], 0)
  const files = (await readFile(list, 'utf8')).split('\n').map(url => url.replace('file://', ''))
  const installed = files.flatMap(file => {
    const [, scope, name] = /.*\/node_modules\/(?:(@[^/]+)\/)?([^/]+)/.exec(file) ?? []
    return name === undefined ? [] : scope === undefined ? [name] : [scope, `${scope}/${name}`]
  })
  const ours = files.filter(file => file.startsWith(`${app}/src/`)).map(file => file.slice(app.length + 5))
  return { packages: new Set(installed), ours, files }
}

/** What is asked of a control plane at a URL, while there is one. */
async function whileUp<T>(main: string, data: string, ask: (url: string) => Promise<T>): Promise<T> {
  const child = spawn(process.execPath, [main, 'up', '--port', '0', '--data', data, '--json'], {
    cwd: folder,
    env: bare,
  })
  const ended = once(child, 'close')
  let said = ''
  try {
    for await (const chunk of child.stdout) {
      said += String(chunk)
      const url = /"docs":\s*"(http:[^"]+)\/docs"/.exec(said)?.[1]
      if (url !== undefined) return await ask(url)
    }
    throw new Error(`it ended before it answered: ${said}`)
  } finally {
    child.kill('SIGTERM')
    await ended
  }
}
