import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test, type TestContext } from 'node:test'
import { builtForm, digestOf, stampOf } from '../../bin/built.js'

describe('a built form', () => {
  test('is run as long as every source that went into it is the same', t => {
    const { app, form } = anApp(t)
    assert.equal(builtForm(app), form)
    writeFileSync(join(app, 'src/other.ts'), 'not part of it')
    assert.equal(builtForm(app), form)
  })

  test('is not run once a source has changed, or has gone', t => {
    const { app } = anApp(t)
    writeFileSync(join(app, 'src/a.ts'), 'one!')
    assert.equal(builtForm(app), undefined)
    rmSync(join(app, 'src/a.ts'))
    assert.equal(builtForm(app), undefined)
  })

  test('is run when its sources are the same, whenever they were written', t => {
    const { app, form } = anApp(t)
    utimesSync(join(app, 'src/a.ts'), 1, 1)
    assert.equal(builtForm(app), form)
  })

  test('is not run once its folder has gone, and there is none before the first build', t => {
    const { app, form } = anApp(t)
    rmSync(form, { recursive: true })
    assert.equal(builtForm(app), undefined)
    rmSync(join(app, 'dist'), { recursive: true })
    assert.equal(builtForm(app), undefined)
  })

  test('is all there is in a package that comes without sources', t => {
    const { app, form } = anApp(t)
    rmSync(join(app, 'src'), { recursive: true })
    assert.equal(builtForm(app), form)
  })

  test('has a name in which the contents of files cannot change places', () => {
    const names = [
      digestOf([['a', 'bc']]),
      digestOf([['ab', 'c']]),
      digestOf([
        ['a', 'b'],
        ['c', ''],
      ]),
      digestOf([['a', undefined]]),
      digestOf([['a', 'null']]),
    ]
    assert.equal(new Set(names).size, names.length)
  })
})

function anApp(t: TestContext) {
  const app = mkdtempSync(join(tmpdir(), 'castellan-built-'))
  t.after(() => rmSync(app, { recursive: true }))
  const files = [
    ['src/a.ts', 'one'],
    ['src/b.ts', 'two'],
  ] as const
  const digest = digestOf(files)
  const form = join(app, 'dist', digest)
  for (const folder of [join(app, 'src'), form]) mkdirSync(folder, { recursive: true })
  for (const [path, text] of files) writeFileSync(join(app, path), text)
  const pointer = { digest, inputs: Object.fromEntries(files.map(([path]) => [path, stampOf(join(app, path))])) }
  writeFileSync(join(app, 'dist/build.json'), JSON.stringify(pointer))
  return { app, form }
}
