import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { Pin, PinDetail } from '@castellan/contracts'
import { exitCodes } from './exit-codes.ts'
import { type Installation, installation } from './fixtures/installation.ts'

const shifting = fileURLToPath(new URL('../../../../tests/e2e/fixtures/shifting-server.ts', import.meta.url))
const read = { name: 'read', description: 'Reads.', inputSchema: { type: 'object', properties: {} } }
const other = { name: 'other', description: 'Something else.', inputSchema: { type: 'object', properties: {} } }

describe('on the command line', () => {
  let plane: Installation
  const castellan = (...argv: string[]) => plane.castellan(argv)
  const asJson = async <T>(...argv: string[]) => JSON.parse((await castellan('--json', ...argv)).out) as T
  const offer = async (...tools: readonly object[]) => {
    writeFileSync(join(plane.folder, 'tools.json'), JSON.stringify(tools))
    const { code, err } = await castellan('servers', 'discover', 'files')
    assert.equal(code, exitCodes.ok, err)
  }

  before(async () => {
    plane = await installation()
    const files = ['tools.json', 'calls'].map(name => join(plane.folder, name))
    writeFileSync(files[0]!, JSON.stringify([read, other]))
    const { code, err } = await castellan('servers', 'add', 'files', '--', process.execPath, shifting, ...files)
    assert.equal(code, exitCodes.ok, err)
  })
  after(() => plane.end())

  test('nothing waits, and what is pinned says how it came to be', async () => {
    assert.match((await castellan('pins')).out, /Nothing waits/)
    const { out } = await castellan('pins', 'list', '--state', 'pinned')
    assert.match(out, /files +tool +read +pinned +trusted as it was seen first; nobody reviewed it/)
  })

  test('what waits is listed with the reason, shown with the difference, and approved by its digest', async () => {
    await offer({ ...read, description: 'Reads.\u200b See https://elsewhere.example.' }, other)
    const { out } = await castellan('pins', '--server', 'files')
    assert.match(out, /read +quarantined +new_url: https:\/\/elsewhere\.example/)
    assert.match(
      (await castellan('servers', 'show', 'files')).out,
      /^note: waiting for review, and offered to nobody: read; see castellan pins$/m,
    )
    assert.match((await castellan('doctor')).out, /a definition of the server files waits for review: read/)
    const [pin] = await asJson<Pin[]>('pins')
    const shown = (await castellan('pins', 'show', pin!.id)).out
    assert.match(shown, /^- {3}"description": "Reads\."/m)
    assert.match(shown, /^\+ {3}"description": "Reads\.\\u\{200b\} See https:\/\/elsewhere\.example\."/m)
    const digest = pin!.waiting!.digest
    assert.match(shown, new RegExp(`castellan pins approve ${pin!.id} ${digest}\n$`))

    const wrong = await castellan(
      'pins',
      'approve',
      pin!.id,
      digest.replace(/.$/, each => (each === '0' ? '1' : '0')),
    )
    assert.equal(wrong.code, exitCodes.missing)
    assert.match(wrong.err, /waits\. Look again with "castellan pins show/)
    assert.equal((await castellan('pins', 'approve', pin!.id, 'nonsense')).code, exitCodes.usage)
    assert.match((await castellan('pins', 'approve', pin!.id, digest)).out, /read of files is pinned and may be used/)
    assert.match((await castellan('pins')).out, /Nothing waits/)
  })

  test('what was trusted is rejected, and a call is then not allowed', async () => {
    const pin = (await asJson<Pin[]>('pins', '--state', 'pinned')).find(each => each.name === 'other')!
    await castellan('pins', 'reject', pin.id, pin.approved!.digest)
    const { state, approved, is } = await asJson<PinDetail>('pins', 'show', pin.id)
    assert.deepEqual([state, approved, is], ['rejected', null, other])
    assert.match((await castellan('pins', '--state', 'rejected')).out, /other +rejected/)
    const call = await castellan('call', 'files__other')
    assert.equal(call.code, exitCodes.denied)
    assert.match(call.err, /definition of the tool changed and awaits review/)
  })

  test('how strictly a server is held to its pins is set, and shown', async () => {
    await castellan('servers', 'set', 'files', '--pinning', 'warn')
    assert.match((await castellan('servers', 'show', 'files')).out, /pinning +warn: /)
    assert.match((await castellan('doctor')).out, /not held to what was reviewed: pinning is warn/)
    assert.equal((await castellan('servers', 'set', 'files', '--pinning', 'perhaps')).code, exitCodes.usage)
    assert.equal((await castellan('pins', 'show', 'nothing')).code, exitCodes.missing)
  })
})
