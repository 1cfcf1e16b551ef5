import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { oneView, withDecoded } from '../fixtures/one-view.ts'
import { secretsDetector } from './detector.ts'

/** What is found, as category and text. */
function found(text: string): string[] {
  return secretsDetector.find(oneView(text)).map(({ category, start, end }) => `${category}: ${text.slice(start, end)}`)
}

const random = 'f3Kq9ZtW1xLr7VbN2mYc8HdJ4sGp6QaE'

describe('the detector of secrets', () => {
  test('tells where the secret itself is, without its name and its quotes', () => {
    assert.deepEqual(found(`const apiKey = '${random}'; // mine`), [`key: ${random}`])
    assert.deepEqual(found('postgres://app:Winter2024!@db/shop'), ['url-password: Winter2024!'])
    assert.deepEqual(found(`curl -H "Authorization: Bearer ${random}"`), [`bearer-token: ${random}`])
  })

  test('reports one secret once, by the rule that knows it best', () => {
    const token = `ghp_${random}a1B2`
    assert.deepEqual(found(`GITHUB_TOKEN="${token}"`), [`github-token: ${token}`])
    assert.deepEqual(found(`https://oauth2:${token}@github.com/a/b`), [`github-token: ${token}`])
  })

  test('reports each of several secrets, in the order of the text', () => {
    const text = `DB_PASSWORD=Falcon1988!\nAPI_TOKEN=${random}\nuser=bob\npassphrase: "Copper#77"\n`
    assert.deepEqual(found(text), ['password: Falcon1988!', `token: ${random}`, 'password: Copper#77'])
  })

  test('finds what stands in a view alone, at the stretch it was decoded from', () => {
    const views = withDecoded('cGFzc3dvcmQ9SHVudGVyMjIh', 'password=Hunter22!', 'base64')
    assert.deepEqual(secretsDetector.find(views), [
      { metric: 'secrets', category: 'password', start: 0, end: 24, confidence: 0.8 },
    ])
  })

  test('does not look into views of plain letters', () => {
    assert.deepEqual(secretsDetector.find(withDecoded('x', 'password=hunter22!', 'plain-letters')), [])
  })

  test('finds a weak password behind its name, and none behind other names', () => {
    assert.deepEqual(found('password = "hunter2"'), ['password: hunter2'])
    assert.deepEqual(found('city = "hunter2"'), [])
    assert.deepEqual(found('session_token = "hunter2"'), [])
  })

  test('leaves alone what leads to a secret instead of being it', () => {
    for (const value of [
      'process.env.DB_PASSWORD',
      '${DB_PASSWORD}',
      'vault.read("db")',
      '"{{ db_password }}"',
      '<password>',
    ]) {
      assert.deepEqual(found(`password = ${value}`), [], value)
    }
  })

  test('the example of a provider is no secret', () => {
    assert.deepEqual(found('AKIAIOSFODNN7EXAMPLE'), [])
    assert.deepEqual(found(`ghp_${'x'.repeat(36)}`), [])
  })

  test('gives the same findings for the same text, whatever it was asked before', () => {
    const text = `token: ${random}\npassword: hunter2 AKIAQ3EGRTZKLWN5VU2X`
    const first = secretsDetector.find(oneView(text))
    secretsDetector.find(oneView('password="other1" -----BEGIN RSA PRIVATE KEY-----'))
    assert.deepEqual(secretsDetector.find(oneView(text)), first)
    assert.equal(first.length, 3)
  })

  test('takes any text, also one that ends in the middle of everything', () => {
    const whole = `password: "a\\"b1c2" AKIAQ3EGRTZKLWN5VU2X <password>x1</password> --token ${random} eyJ.eyJ.x ://a:b@`
    for (let end = 0; end <= whole.length; end++) secretsDetector.find(oneView(whole.slice(0, end)))
    assert.deepEqual(found('\ud800password=\udfff'), [])
  })

  test('reads texts of nothing but beginnings to their end', () => {
    const beginnings = [
      'password',
      'password=',
      'password="',
      "password: '",
      'password>',
      '<password>',
      'token: x ',
      'key for a b ',
      '://a:',
    ]
    const marks = [
      '-_.:/\\',
      'a-_.:/',
      '-----BEGIN PRIVATE KEY-----',
      'PuTTY-User-Key-File-2: a ',
      ' eyJaaaaaaaa.',
      ' sk-proj-',
      '$6$a',
      ' -p',
    ]
    for (const part of [...beginnings, ...marks, ...marks.map(mark => `password="${mark.repeat(20)}!"`)]) {
      secretsDetector.find(oneView(part.repeat(100_000 / part.length)))
    }
  })
})
