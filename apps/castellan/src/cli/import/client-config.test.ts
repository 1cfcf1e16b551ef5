import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { readClientConfig } from './client-config.ts'

describe('the servers of other clients', () => {
  test('are read from Claude Desktop and Cursor', () => {
    const { servers } = readClientConfig(
      'mcp.json',
      '{"mcpServers":{"Fetch":{"command":"uvx","args":["mcp-server-fetch"],"env":{"KEY":"v","T":"${env:TOKEN}"}},"Linear":{"url":"https://mcp.linear.app/mcp","headers":{"A":"b"}}}}',
    )
    assert.deepEqual(servers, [
      {
        from: 'Fetch',
        name: 'fetch',
        server: {
          name: 'fetch',
          transport: 'stdio',
          command: 'uvx',
          args: ['mcp-server-fetch'],
          env: { KEY: 'v', T: { env: 'TOKEN' } },
        },
      },
      {
        from: 'Linear',
        name: 'linear',
        server: {
          name: 'linear',
          transport: 'streamable-http',
          endpoints: ['https://mcp.linear.app/mcp'],
          headers: { A: 'b' },
        },
      },
    ])
  })

  test('are read from VS Code, with its comments and trailing commas', () => {
    const { servers } = readClientConfig(
      'mcp.json',
      `{
        // the office
        "servers": { "old": { "type": "sse", "url": "http://127.0.0.1:1/sse" }, /* and */ "ws": { "url": "wss://a.example/x" }, },
      }`,
    )
    assert.deepEqual(
      servers.map(each => each.server.transport),
      ['sse', 'websocket'],
    )
  })

  test('are read from a bare map and from VS Code settings', () => {
    assert.equal(readClientConfig('x', '{"a":{"command":"x"}}').servers.length, 1)
    assert.equal(
      readClientConfig('x', '{"editor.tabSize":2,"mcp":{"servers":{"a":{"command":"x"}}}}').servers.length,
      1,
    )
  })

  test('get names that are allowed here and not taken twice', () => {
    const { servers } = readClientConfig(
      'x',
      '{"mcpServers":{"My Files":{"command":"x"},"my_files":{"command":"y"},"日本":{"command":"z"}}}',
    )
    assert.deepEqual(
      servers.map(each => each.name),
      ['my-files', 'my-files-2', 'server'],
    )
  })

  test('that cannot be taken over are named with the reason', () => {
    const { skipped } = readClientConfig(
      'x',
      '{"mcpServers":{"a":{"disabled":true,"command":"x"},"b":{},"c":3,"d":{"command":"x","env":{"K":"${input:key}"}},"e":{"command":"x","args":"y"}}}',
    )
    assert.deepEqual(
      skipped.map(each => each.from),
      ['a', 'b', 'c', 'd', 'e'],
    )
  })

  test('get variables that are part of a value filled in here, so that the whole can be sealed', () => {
    const text = '{"mcpServers":{"a":{"url":"https://a/b","headers":{"Authorization":"Bearer ${env:T}"}}}}'
    const { servers } = readClientConfig('x', text, { T: 'token' })
    assert.deepEqual(servers[0]?.server.headers, { Authorization: 'Bearer token' })
    assert.match(readClientConfig('x', text).skipped[0]?.why ?? '', /Authorization needs the variable T/)
  })

  test('are left out when only their client knows what they mean', () => {
    const text = '{"mcpServers":{"a":{"command":"x","args":["${workspaceFolder}/a"]}}}'
    assert.match(readClientConfig('x', text).skipped[0]?.why ?? '', /\$\{workspaceFolder\}/)
  })

  for (const text of ['', '{}', '[]', '{"mcpServers":[]}', '{"a":', 'plain words']) {
    test(`are not found in ${text || 'an empty file'}, which is a clear error`, () => {
      assert.throws(() => readClientConfig('x.json', text), { code: 'REQUEST_INVALID', message: /x\.json/ })
    })
  }

  test('keep what looks like a comment inside a text', () => {
    const { servers } = readClientConfig('x', '{"mcpServers":{"a":{"url":"http://a/b"}}}')
    assert.deepEqual(servers[0]?.server.endpoints, ['http://a/b'])
  })
})
