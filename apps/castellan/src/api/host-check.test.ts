import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import Fastify from 'fastify'
import { checkHosts } from './host-check.ts'

const allowed = { hosts: ['Castellan.Example', 'only.example:8080'], origins: ['https://Console.Example'] }

describe('a request is answered', () => {
  for (const host of [
    'localhost',
    '127.0.0.1:7400',
    '[::1]',
    '[::1]:7400',
    'LOCALHOST:1',
    'castellan.example:443',
    'only.example:8080',
  ]) {
    test(`when it is for ${host}`, async () => assert.equal(await status({ host }), 200))
  }
  for (const origin of ['http://localhost:3000', 'https://127.0.0.1', 'http://[::1]:9', 'https://console.example']) {
    test(`when it comes from ${origin}`, async () => assert.equal(await status({ origin }), 200))
  }
})

describe('a request is refused', () => {
  for (const host of [
    'evil.example',
    'localhost.evil.example',
    'localhost@evil.example',
    '127.0.0.1.nip.example',
    'localhost:x',
    'only.example',
  ]) {
    test(`when it is for ${JSON.stringify(host)}`, async () => assert.equal(await status({ host }), 403))
  }
  for (const origin of [
    'null',
    'https://evil.example',
    'http://127.0.0.1@evil.example',
    'localhost',
    'http://console.example',
    'https://console.example.evil.example',
    '',
  ]) {
    test(`when it comes from ${JSON.stringify(origin)}`, async () => assert.equal(await status({ origin }), 403))
  }
})

async function status(headers: Readonly<Record<string, string>>): Promise<number> {
  const app = Fastify()
  checkHosts(app, allowed)
  app.get('/', () => 'in')
  try {
    return (await app.inject({ url: '/', headers: { host: 'localhost', ...headers } })).statusCode
  } finally {
    await app.close()
  }
}
