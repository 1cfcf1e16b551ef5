import assert from 'node:assert/strict'
import { test } from 'node:test'
import { duration, groupName, line, recipient, serverName, text } from './index.ts'

const fits = (schema: { safeParse(value: unknown): { success: boolean } }, value: unknown) =>
  schema.safeParse(value).success

test('a duration is a whole number and a unit, more than nothing and no longer than a timer can count', () => {
  for (const good of ['1ms', '30s', '5m', '2h', '7d', '24d', '2073600s']) assert.ok(fits(duration, good), good)
  for (const bad of ['', '0s', '000ms', '30', 's', '1.5s', '-1s', '1 s', '1S', '25d', '999999999d', '1s\n', 5]) {
    assert.ok(!fits(duration, bad), String(bad))
  }
})

test('names fit into paths and into the names of tools', () => {
  for (const good of ['a', 'a-b', '0']) assert.ok(fits(serverName, good) && fits(groupName, good), good)
  for (const bad of ['', 'A', 'a_b', '-a', 'a-', 'a/b', '..', 'a\n', 'ä', 'a'.repeat(65)]) {
    assert.ok(!fits(serverName, bad) && !fits(groupName, bad), bad)
  }
})

test('a line holds no control characters, a text no NUL', () => {
  for (const bad of ['', 'a\nb', 'a\0', 'a\x7f', 'abcd']) assert.ok(!fits(line(3), bad), bad)
  assert.ok(fits(line(3), 'ä ☃'))
  for (const good of ['', 'a\nb', '\t']) assert.ok(fits(text(3), good), good)
  for (const bad of ['a\0', 'abcd']) assert.ok(!fits(text(3), bad), bad)
})

test('a recipient is a role or a principal, never both', () => {
  const principal = '01932c07-209d-7a51-9b2e-5a8d7c1f3e64'
  assert.ok(fits(recipient, { role: 'member' }) && fits(recipient, { principal }))
  for (const bad of [{ role: 'member', principal }, {}, { role: 'root' }, { principal: 'x' }, 'everyone', null]) {
    assert.ok(!fits(recipient, bad), JSON.stringify(bad))
  }
})
