import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { foundTool, type FoundTool } from '@castellan/contracts'
import { type ControlPlane, controlPlane, stdioServer } from '../../../../../tests/support/control-plane.ts'
import { ask } from './fixtures/asking.ts'
import { hire } from './fixtures/people.ts'

describe('a search for tools', () => {
  let castellan: ControlPlane
  before(async () => {
    castellan = await controlPlane()
    await castellan.ask('POST', '/api/mcp-servers', stdioServer('everything'))
  })
  after(() => castellan[Symbol.asyncDispose]())

  const search = async (query: string, key = castellan.key): Promise<FoundTool[]> => {
    const { status, text } = await ask(castellan, 'GET', `/api/tools/search?${query}`, { key })
    assert.equal(status, 200, text)
    return (JSON.parse(text) as { items: unknown[] }).items.map(item => foundTool.strict().parse(item))
  }

  test('answers with the best first, and how they are called', async () => {
    const [first, ...others] = await search('q=long%20running%20operation')
    const { score, ...tool } = first!
    assert.deepEqual(tool, {
      server: 'everything',
      name: 'trigger-long-running-operation',
      exposed: 'everything__trigger-long-running-operation',
      description: 'Demonstrates a long running operation with progress updates.',
    })
    assert.ok(others.every(other => other.score <= score && other.score > 0))
  })

  test('answers with whole definitions when they are asked for', async () => {
    const [tool] = await search('q=echo&limit=1&definitions=true')
    assert.equal(tool?.definition?.name, 'everything__echo')
    assert.match(JSON.stringify(tool?.definition?.inputSchema), /"required":\["message"\]/)
    assert.equal((await search('q=echo&limit=1&definitions=false'))[0]?.definition, undefined)
  })

  test('answers with no more than were asked for, and of the servers that were', async () => {
    assert.equal((await search('q=a%20tool&limit=2')).length, 2)
    assert.equal((await search('q=echo&server=every*')).length, 1)
    assert.deepEqual(await search('q=echo&server=nobody'), [])
  })

  test('finds for each only what they were granted', async () => {
    const { id, key } = await hire(castellan, { roles: [] })
    assert.deepEqual(await search('q=echo', key), [])
    const grant = { to: { principal: id }, server: 'everything', primitive_type: 'tool', name: 'echo' }
    await castellan.ask('POST', '/api/grants', grant)
    const names = async (words: string) => (await search(`q=${words}`, key)).map(({ exposed }) => exposed)
    assert.deepEqual(await names('echo'), ['everything__echo'])
    assert.deepEqual(await names('long%20running%20operation'), [])
  })
})
