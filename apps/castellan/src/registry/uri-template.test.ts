import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fitsTemplate } from './uri-template.ts'

const cases: readonly [string, string, boolean][] = [
  ['test://template/{id}/data', 'test://template/1/data', true],
  ['test://template/{id}/data', 'test://template/1/2/data', false],
  ['test://template/{id}/data', 'test://template//data', true],
  ['file:///{+path}', 'file:///a/b/c.txt', true],
  ['file:///{path}', 'file:///a/b', false],
  ['x://{a}-{b}', 'x://1-2', true],
  ['x://fixed', 'x://fixed', true],
  ['x://fixed', 'x://fixed2', false],
  ['x://search{?q}', 'x://search?q=1', true],
]
for (const [template, uri, expected] of cases) {
  test(`${uri} ${expected ? 'fits' : 'does not fit'} ${template}`, () =>
    assert.equal(fitsTemplate(template, uri), expected))
}

test('a hostile template ends', () => {
  assert.equal(fitsTemplate(`x://${'{+a}'.repeat(200)}!`, `x://${'a'.repeat(5_000)}`), false)
})
