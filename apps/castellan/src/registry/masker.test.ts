import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Journal, type JournalStore } from '../journal/index.ts'
import { manualClock } from '../kernel/index.ts'
import { Masker } from './masker.ts'

function knowing(...secrets: string[]): Masker {
  const masker = new Masker()
  for (const secret of secrets) masker.learn(secret)
  return masker
}

describe('the masker', () => {
  test('takes every known secret out of a text, everywhere it is', () => {
    const masker = knowing('hunter2!', 'swordfish')
    assert.equal(masker.mask('a hunter2! b swordfish c hunter2!'), 'a [redacted] b [redacted] c [redacted]')
    assert.equal(masker.mask('nothing here'), 'nothing here')
  })

  test('leaves texts alone while it knows nothing, and values too short to hide', () => {
    assert.equal(knowing().mask('hunter2'), 'hunter2')
    assert.equal(knowing('true', '12345', '').mask('true 12345'), 'true 12345')
  })

  test('forgets what is over, and nothing else', () => {
    const masker = knowing('token-of-the-last-hour', 'hunter2!')
    masker.forget('token-of-the-last-hour')
    assert.equal(masker.mask('token-of-the-last-hour hunter2!'), 'token-of-the-last-hour [redacted]')
  })

  test('a secret inside another leaves nothing of the longer one readable', () => {
    assert.equal(knowing('secret', 'secret-tail').mask('x secret-tail y secret z'), 'x [redacted] y [redacted] z')
  })

  test('secrets made of special characters are taken as they are', () => {
    const secret = 'a.*+?^${}()|[]\\/b'
    assert.equal(knowing(secret).mask(`<${secret}>`), '<[redacted]>')
    assert.equal(knowing('a.......b').mask('a1234567b'), 'a1234567b')
  })

  test('a secret is also known as JSON and URLs write it', () => {
    const masker = knowing('p"ss\nword&=')
    assert.equal(masker.mask(JSON.stringify({ a: 'p"ss\nword&=' })), '{"a":"[redacted]"}')
    assert.equal(masker.mask(`https://x/?k=${encodeURIComponent('p"ss\nword&=')}`), 'https://x/?k=[redacted]')
  })

  test('the credentials of a header value are known without their scheme', () => {
    assert.equal(knowing('Bearer abcdef123').mask('token abcdef123 refused'), 'token [redacted] refused')
  })

  test('a replaced secret stays masked, and a new one is masked at once', () => {
    const masker = knowing('old-value')
    masker.mask('warm')
    masker.learn('new-value')
    assert.equal(masker.mask('old-value new-value'), '[redacted] [redacted]')
  })

  test('a lone surrogate in a secret is no reason to fail', () => {
    assert.equal(knowing('abc\ud800def').mask('abc\ud800def'), '[redacted]')
  })

  test('a thousand secrets and a long text take well under a second', () => {
    const masker = knowing(...Array.from({ length: 1_000 }, (_, index) => `secret-number-${index}-${'x'.repeat(30)}`))
    const text = 'secret-number- is not one of them. '.repeat(10_000)
    const started = performance.now()
    assert.equal(masker.mask(text), text)
    assert.ok(performance.now() - started < 1_000)
  })

  test('the journal keeps no secret that the masker knows', () => {
    const journal = new Journal({} as JournalStore, manualClock(), knowing('hunter2!'))
    const draft = { tenant: 't', stream: 's:1', seq: 0, type: 'a.b', principal: 'p', correlationId: 'c' }
    const entry = journal.seal({ ...draft, data: { note: 'it is hunter2!', list: ['hunter2!'], 'hunter2!': 1 } })
    assert.ok(!JSON.stringify(entry).includes('hunter2!'))
  })
})
