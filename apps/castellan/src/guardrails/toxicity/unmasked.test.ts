import assert from 'node:assert/strict'
import { test } from 'node:test'
import { unmasked } from './unmasked.ts'

test('hidden letters are written out where their signs stood', () => {
  assert.equal(unmasked('well f*ck that, you a$$hole and b****!'), 'well fuck that, you asshole and bitch!')
  assert.equal(unmasked('SH*T happens'), 'shit happens')
  assert.equal(unmasked('kick his a**'), 'kick his ass')
  assert.equal(unmasked('what an @sshole, f***ing hell, $hit'), 'what an asshole, fucking hell, shit')
})

test('a text without such words is the same, and none becomes longer or shorter', () => {
  for (const text of [
    '',
    '*',
    '**bold** and *thin*',
    'a * b * c',
    'price: 5$',
    'me@example.org',
    'c#',
    'rated ***',
    '#tag',
    'src/a**',
    "match('a**')",
    'p***',
    'token=s***',
    'd***@example.org',
  ]) {
    assert.equal(unmasked(text), text)
  }
  const text = 'x*'.repeat(1_000) + ' f*ck ' + '*#$@'.repeat(1_000)
  assert.equal(unmasked(text).length, text.length)
})
