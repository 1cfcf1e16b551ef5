import assert from 'node:assert/strict'
import { copyFileSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, beforeEach, describe, test } from 'node:test'
import { KeyFiles } from './master-keys.ts'

const root = mkdtempSync(join(tmpdir(), 'castellan-keys-'))
after(() => rmSync(root, { recursive: true, force: true }))

describe('files of master keys', () => {
  let path: string
  beforeEach(() => {
    path = join(mkdtempSync(join(root, 'case-')), 'master.key')
  })

  test('a key that is replaced stays readable, here and after a restart, until it is forgotten', () => {
    const keys = new KeyFiles(path)
    const first = keys.current
    const bytes = keys.get(first)!
    keys.replace()
    assert.notEqual(keys.current, first)
    assert.deepEqual([keys.older, keys.get(first)], [[first], bytes])
    const restarted = new KeyFiles(path)
    assert.deepEqual([restarted.current, restarted.older, restarted.get(first)], [keys.current, [first], bytes])
    for (const name of readdirSync(join(path, '..'))) assert.equal(statSync(join(path, '..', name)).mode & 0o777, 0o600)
    restarted.forget(first)
    assert.deepEqual([restarted.older, restarted.get(first)], [[], undefined])
    assert.deepEqual(readdirSync(join(path, '..')), ['master.key'])
  })

  test('a replacement that was broken off half way changes nothing', () => {
    const keys = new KeyFiles(path)
    copyFileSync(path, `${path}.${keys.current}`)
    const restarted = new KeyFiles(path)
    assert.deepEqual([restarted.current, restarted.older], [keys.current, []])
    restarted.replace()
    assert.deepEqual(restarted.older, [keys.current])
  })

  test('the current key is never forgotten', () => {
    const keys = new KeyFiles(path)
    keys.forget(keys.current)
    assert.equal(new KeyFiles(path).current, keys.current)
  })

  test('a key that another process put there is found when it is needed', () => {
    const [here, there] = [new KeyFiles(path), new KeyFiles(path)]
    there.replace()
    assert.ok(here.get(there.current))
    assert.equal(here.current, there.current)
  })

  test('what is no key of ours is not taken for one', () => {
    const keys = new KeyFiles(path)
    for (const name of ['master.key.bak', 'master.key.00000000', 'master.key.0123abcd.new', 'master_key.0123abcd'])
      writeFileSync(join(path, '..', name), Buffer.alloc(32), { mode: 0o600 })
    assert.deepEqual(new KeyFiles(path).older, [])
    assert.equal(keys.get('00000000'), undefined)
  })

  test('an earlier key that others may read is refused like the current one', () => {
    new KeyFiles(path).replace()
    const older = readdirSync(join(path, '..')).find(name => /[0-9a-f]{8}$/.test(name))!
    writeFileSync(join(path, '..', 'x'), '')
    rmSync(join(path, '..', older))
    writeFileSync(join(path, '..', older), Buffer.alloc(32), { mode: 0o644 })
    assert.throws(() => new KeyFiles(path), { code: 'SECRET_UNREADABLE', message: /chmod 600/ })
  })
})
