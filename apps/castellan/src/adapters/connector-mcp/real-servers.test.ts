import assert from 'node:assert/strict'
import { mkdtemp, realpath, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { allowedCall, textOf } from '../../gate/connector.testsuite.ts'
import type { Link, Reply, Target } from '../../gate/index.ts'
import type { JsonObject } from '../../kernel/index.ts'
import { mcpConnector } from './connector.ts'
import { stdioTarget } from './fixtures/stdio-target.ts'
import { instance } from './reaper.ts'
import { findMarked } from './sweep.ts'

const connector = mcpConnector({ environment: process.env })

describe('servers nobody here wrote work over stdio', { timeout: 60_000 }, () => {
  let folder: string
  before(async () => {
    folder = await realpath(await mkdtemp(join(tmpdir(), 'castellan-')))
    await writeFile(join(folder, 'note.txt'), 'a note')
  })
  after(async () => {
    await rm(folder, { recursive: true, force: true })
    assert.deepEqual(await findMarked(instance), [])
  })

  test('everything: all primitives, progress, a cancelled call', () =>
    withServer('server-everything', ['stdio'], async ({ link, call }) => {
      const { capabilities, warnings, protocolVersion } = await link.discover(soon())
      assert.deepEqual(warnings, [])
      assert.equal(protocolVersion, '2025-11-25')
      assert.deepEqual(
        new Set(capabilities.map(({ primitive }) => primitive)),
        new Set(['tool', 'resource', 'template', 'prompt']),
      )
      assert.match(textOf(await call('echo', { message: 'hello' })), /hello/)

      const steps: JsonObject[] = []
      await call(
        'trigger-long-running-operation',
        { duration: 0.3, steps: 3 },
        { onProgress: params => steps.push(params) },
      )
      assert.deepEqual(
        steps.map(({ progress }) => progress),
        [1, 2, 3],
      )
      const cancelled = await call(
        'trigger-long-running-operation',
        { duration: 30, steps: 30 },
        { signal: AbortSignal.timeout(50) },
      )
      assert.equal(cancelled.is, 'broken')
    }))

  test('filesystem: reads a file', () =>
    withServer('server-filesystem', [folder], async ({ call }) => {
      assert.equal(textOf(await call('read_text_file', { path: join(folder, 'note.txt') })), 'a note')
    }))

  test('memory: remembers', () =>
    withServer(
      'server-memory',
      [],
      async ({ call }) => {
        await call('create_entities', { entities: [{ name: 'Ann', entityType: 'person', observations: ['sings'] }] })
        assert.match(textOf(await call('read_graph', {})), /sings/)
      },
      { MEMORY_FILE_PATH: join(folder, 'memory.jsonl') },
    ))

  test('sequential-thinking: keeps count of thoughts, of branches, too', () =>
    withServer('server-sequential-thinking', [], async ({ call }) => {
      const thought = { thought: 'It may be so.', thoughtNumber: 1, totalThoughts: 2, nextThoughtNeeded: true }
      await call('sequentialthinking', thought)
      const reply = await call('sequentialthinking', {
        ...thought,
        thoughtNumber: 2,
        nextThoughtNeeded: false,
        branchFromThought: 1,
        branchId: 'or-not',
      })
      assert.partialDeepStrictEqual(JSON.parse(textOf(reply)), { thoughtHistoryLength: 2, branches: ['or-not'] })
    }))
})

interface Running {
  readonly link: Link
  readonly call: (
    name: string,
    args: JsonObject,
    io?: { onProgress?: (params: JsonObject) => void; signal?: AbortSignal },
  ) => Promise<Reply>
}

async function withServer(
  name: string,
  args: readonly string[],
  body: (running: Running) => Promise<void>,
  values: Readonly<Record<string, string>> = {},
): Promise<void> {
  const target: Target = stdioTarget(process.execPath, [binary(name), ...args], { values })
  const link = await connector.open(target, { onListChanged: () => {} }, soon())
  try {
    const { capabilities } = await link.discover(soon())
    await body({
      link,
      call: (tool, given, io) => {
        const capability = capabilities.find(each => each.primitive === 'tool' && each.name === tool)
        assert.ok(capability, `${name} has no tool ${tool}`)
        return link.call(allowedCall(target, capability, given), {
          signal: soon(),
          onProgress: null,
          client: null,
          ...io,
        })
      },
    })
  } finally {
    await link.close()
  }
}

function binary(name: string): string {
  const require = createRequire(import.meta.url)
  const manifest = require.resolve(`@modelcontextprotocol/${name}/package.json`)
  const { bin } = require(manifest) as { bin: Record<string, string> }
  return join(manifest, '..', Object.values(bin)[0]!)
}

function soon(): AbortSignal {
  return AbortSignal.timeout(10_000)
}
