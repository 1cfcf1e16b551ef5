import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
  mkdirSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, beforeEach, describe, test } from 'node:test'
import { promisify } from 'node:util'
import { masterKey } from './master-key.ts'

const root = mkdtempSync(join(tmpdir(), 'castellan-key-'))
after(() => rmSync(root, { recursive: true, force: true }))

describe('the master key file', () => {
  let path: string
  beforeEach(() => {
    path = join(mkdtempSync(join(root, 'case-')), 'master.key')
  })

  const refuses = (why: RegExp) => assert.throws(() => masterKey(path), { code: 'SECRET_UNREADABLE', message: why })

  test('the first start makes 32 random bytes that only the owner can read, and later starts read them', () => {
    const key = masterKey(path)
    assert.equal(key.length, 32)
    assert.equal(statSync(path).mode & 0o777, 0o600)
    assert.deepEqual(Buffer.from(masterKey(path)), Buffer.from(key))
    assert.deepEqual(readdirSync(join(path, '..')), ['master.key'])
  })

  test('a key file that others may read is refused with the way to mend it', () => {
    masterKey(path)
    for (const mode of [0o640, 0o604, 0o660, 0o601]) {
      chmodSync(path, mode)
      refuses(/others may read it \(mode 6\d\d\); run: chmod 600/)
    }
    chmodSync(path, 0o400)
    assert.equal(masterKey(path).length, 32)
  })

  test('a key file of the wrong length is refused and left as it is', () => {
    for (const length of [0, 31, 33, 64]) {
      writeFileSync(path, Buffer.alloc(length, 7), { mode: 0o600 })
      refuses(new RegExp(`it has ${length} bytes and a key has 32`))
      assert.deepEqual(readFileSync(path), Buffer.alloc(length, 7))
    }
  })

  test('a folder in its place, or no folder to put it in, is refused', () => {
    mkdirSync(path)
    refuses(/it is not a file/)
    path = join(path, 'missing', 'master.key')
    refuses(/ENOENT/)
    assert.equal(existsSync(path), false)
  })

  test('of many first starts at once one makes the key, and all have the same', async () => {
    const start = `import { masterKey } from ${JSON.stringify(join(import.meta.dirname, 'master-key.ts'))}
      process.stdout.write(Buffer.from(masterKey(process.argv[1])).toString('hex'))`
    const run = promisify(execFile)
    const starts = Array.from({ length: 4 }, () => run(process.execPath, ['--input-type=module', '-e', start, path]))
    const keys = (await Promise.all(starts)).map(each => each.stdout)
    assert.equal(new Set(keys).size, 1)
    assert.equal(keys[0], readFileSync(path).toString('hex'))
  })
})
