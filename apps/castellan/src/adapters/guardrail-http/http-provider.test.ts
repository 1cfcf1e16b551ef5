import assert from 'node:assert/strict'
import type { ServerResponse } from 'node:http'
import { describe, test } from 'node:test'
import { guardrailProviderSuite } from '../../guardrails/guardrail-provider.testsuite.ts'
import type { ProviderAnswer } from '../../guardrails/index.ts'
import { json } from '../http-client/fixtures/http-server.ts'
import type { Dialect } from './dialects.ts'
import { DISLIKED, type ModerationService, moderationService } from './fixtures/moderation-service.ts'
import { httpProvider, type HttpProviderOptions } from './http-provider.ts'

function providerOf(service: ModerationService, dialect: Dialect, more: Partial<HttpProviderOptions> = {}) {
  return httpProvider({
    name: 'moderation',
    url: dialect === 'openai' ? service.openai : service.url,
    dialect,
    model: dialect === 'openai' ? 'text-moderation-latest' : null,
    allowPrivate: false,
    reportFrom: 0.5,
    timeout: 5_000,
    ...more,
  })
}

for (const dialect of ['castellan', 'openai'] as const) {
  guardrailProviderSuite(`a service of the dialect ${dialect}`, async () => {
    const service = await moderationService()
    const provider = providerOf(service, dialect)
    return {
      provider,
      harmful: `so much ${DISLIKED} today`,
      harmless: 'the bus leaves at noon',
      async [Symbol.asyncDispose]() {
        await provider.close()
        await service[Symbol.asyncDispose]()
      },
    }
  })
}

describe('what a service says', () => {
  test('of the dialect castellan has the place, and its own words for categories', async () => {
    assert.deepEqual(await asked('castellan'), {
      is: 'found',
      findings: [{ metric: 'toxicity', category: 'bad-word', confidence: 0.97, place: { start: 2, end: 12 } }],
      version: '2026.1',
    })
  })

  test('of the dialect openai is about the whole text', async () => {
    assert.deepEqual(await asked('openai'), {
      is: 'found',
      findings: [{ metric: 'toxicity', category: 'harassment', confidence: 0.97, place: null }],
      version: 'text-moderation-7',
    })
  })

  test('that it flags counts however low its score is', async () => {
    const result = { categories: { hate: true, violence: false }, category_scores: { hate: 0.2, violence: 0.3 } }
    const answer = await asked('openai', response => json(response, { model: 'm', results: [result] }))
    assert.ok(answer.is === 'found')
    assert.deepEqual(
      answer.findings.map(({ category }) => category),
      ['hate'],
    )
  })
})

describe('what is no answer is a failure', () => {
  const signal = { metric: 'pii', category: 'x', confidence: 0.9 }
  const bodies: Readonly<Record<Dialect, readonly unknown[]>> = {
    castellan: [
      null,
      [],
      {},
      { signals: {} },
      { signals: [null] },
      { signals: [], version: 7 },
      { signals: [{ ...signal, metric: 'weather' }] },
      { signals: [{ ...signal, category: '!!' }] },
      { signals: [{ ...signal, confidence: 2 }] },
      { signals: [{ ...signal, confidence: '0.9' }] },
      { signals: [{ ...signal, start: 0 }] },
      { signals: [{ ...signal, start: '0', end: 3 }] },
    ],
    openai: [
      {},
      { results: [] },
      { results: [null] },
      { results: [{ categories: {} }] },
      { results: [{ categories: {}, category_scores: { hate: 'much' } }] },
      {
        results: [
          { categories: {}, category_scores: {} },
          { categories: {}, category_scores: {} },
        ],
      },
    ],
  }
  for (const dialect of ['castellan', 'openai'] as const)
    for (const body of bodies[dialect])
      test(`${dialect}: ${JSON.stringify(body)}`, async () => {
        await fails(/none of the dialect/, dialect, response => json(response, body))
      })

  test('something else than JSON', async () => {
    await fails(/none of the dialect/, 'castellan', response => void response.end('<html>'))
  })

  for (const status of [204, 301, 400, 401, 429, 500, 503])
    test(`HTTP ${status}`, async () => {
      await fails(new RegExp(`HTTP ${status}`), 'openai', response => void response.writeHead(status).end())
    })

  test('more than anyone has to say', async () => {
    await fails(/too large/, 'castellan', response => void response.end('x'.repeat(2_000_000)))
  })

  test('silence, and an answer that drips, until the signal aborts', async () => {
    for (const begin of [() => undefined, (response: ServerResponse) => void response.write('{"signals":')]) {
      await using service = await moderationService()
      const giving = new AbortController()
      service.answer = response => {
        begin(response)
        giving.abort()
      }
      const provider = providerOf(service, 'castellan')
      assert.equal((await provider.ask({ text: 'x', stage: 'result' }, giving.signal)).is, 'failed')
      await provider.close()
      assert.deepEqual(await service.server.connections(), [])
    }
  })

  test('nobody there', async () => {
    const service = await moderationService()
    await service.server.stop()
    const provider = providerOf(service, 'castellan')
    assert.deepEqual(await provider.ask({ text: 'x', stage: 'result' }, AbortSignal.timeout(5_000)), {
      is: 'failed',
      why: 'the connection was refused',
    })
    await provider.close()
  })
})

describe('the token', () => {
  test('is shown, and read again when it was refused', async () => {
    await using service = await moderationService()
    const tokens = ['old', 'new\n']
    const provider = providerOf(service, 'openai', { token: async () => tokens.shift() ?? 'none' })
    const ask = () => provider.ask({ text: 'x', stage: 'result' }, AbortSignal.timeout(5_000))
    service.answer = response => void response.writeHead(401).end()
    assert.equal((await ask()).is, 'failed')
    service.answer = null
    assert.equal((await ask()).is, 'found')
    assert.deepEqual(service.tokens(), ['Bearer old', 'Bearer new'])
    await provider.close()
  })

  test('that cannot be read is a failure without a request', async () => {
    await using service = await moderationService()
    const token = async () => Promise.reject(new Error('the vault is sealed: hunter2'))
    const provider = providerOf(service, 'openai', { token })
    const answer = await provider.ask({ text: 'x', stage: 'result' }, AbortSignal.timeout(5_000))
    assert.deepEqual(answer, { is: 'failed', why: 'the token for it cannot be read' })
    assert.deepEqual(service.texts(), [])
    await provider.close()
  })
})

async function asked(dialect: Dialect, answer: ModerationService['answer'] = null): Promise<ProviderAnswer> {
  await using service = await moderationService()
  service.answer = answer
  const provider = providerOf(service, dialect)
  const said = await provider.ask({ text: `a ${DISLIKED}`, stage: 'result' }, AbortSignal.timeout(5_000))
  await provider.close()
  return said
}

async function fails(why: RegExp, dialect: Dialect, answer: (response: ServerResponse) => void): Promise<void> {
  const said = await asked(dialect, answer)
  assert.ok(said.is === 'failed', JSON.stringify(said))
  assert.match(said.why, why)
}
