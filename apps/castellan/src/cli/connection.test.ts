import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test, type TestContext } from 'node:test'
import { connectionOf } from './connection.ts'

const interruption = () => new AbortController().signal

describe('the control plane that is talked to', () => {
  test('is the one the settings here describe, with the key of its data folder', async t => {
    const { url, seen } = await listener(t)
    const { port } = new URL(url)
    const { client } = connectionOf({}, { interruption, variables: { CASTELLAN_PORT: port, CASTELLAN_DATA: data(t) } })
    await client.operations.health()
    assert.deepEqual(seen, ['Bearer cst_from_file'])
  })

  test('is what options say, before what the environment says', async t => {
    const { url, seen } = await listener(t)
    const variables = { CASTELLAN_URL: 'http://127.0.0.1:1', CASTELLAN_KEY: 'cst_from_environment' }
    await connectionOf({ url, key: 'cst_given' }, { interruption, variables }).client.operations.health()
    await connectionOf({ url }, { interruption, variables }).client.operations.health()
    assert.deepEqual(seen, ['Bearer cst_given', 'Bearer cst_from_environment'])
  })

  test('never gets the key of this machine when it is on another', t => {
    const variables = { CASTELLAN_DATA: data(t) }
    assert.throws(() => connectionOf({ url: 'https://castellan.example' }, { interruption, variables }), {
      code: 'CONFIG_INVALID',
      message: /no key for a control plane on another machine/,
    })
  })

  test('is warned of when keys would travel readable', () => {
    const far = { url: 'http://castellan.example', key: 'k' }
    assert.match(connectionOf(far, { interruption, variables: {} }).warning ?? '', /https/)
    const near = { url: 'http://localhost:7400', key: 'k' }
    assert.equal(connectionOf(near, { interruption, variables: {} }).warning, null)
  })

  test('must be named by a URL, and a wrong one is not repeated, since it may hold a password', () => {
    for (const url of ['ftp://a', 'nonsense', 'https://me:planted-password@a']) {
      assert.throws(
        () => connectionOf({ url, key: 'k' }, { interruption, variables: {} }),
        (error: Error) => /must be http or https/.test(error.message) && !error.message.includes('planted'),
      )
    }
  })

  test('is left alone as soon as someone interrupts', async t => {
    const { url } = await listener(t, { answers: false })
    const ending = new AbortController()
    const { client } = connectionOf({ url, key: 'k' }, { interruption: () => ending.signal, variables: {} })
    const asked = client.operations.health()
    ending.abort()
    await assert.rejects(asked)
  })
})

function data(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'castellan-key-'))
  t.after(() => rmSync(folder, { recursive: true }))
  writeFileSync(join(folder, 'admin.key'), 'cst_from_file\n')
  return folder
}

async function listener(t: TestContext, { answers } = { answers: true }) {
  const seen: (string | undefined)[] = []
  const server = createServer((request, response) => {
    seen.push(request.headers.authorization)
    if (answers) response.writeHead(200, { 'content-type': 'application/json' }).end('{"status":"ok","version":"0"}')
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, seen }
}
