import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import type { GuardrailProvider } from '@castellan/contracts'
import { CastellanClient } from '@castellan/sdk'
import { run } from '../../apps/castellan/src/cli/fixtures/run.ts'
import { type ControlPlane, controlPlane, stdioServer, until } from '../support/control-plane.ts'

const DISLIKED = 'wickedness'
const files = mkdtempSync(join(tmpdir(), 'castellan-providers-'))

/** A moderation service that can be killed, and comes back at the same port. */
async function moderation(port = 0) {
  const texts: string[] = []
  const server = createServer((request, response) => {
    let body = ''
    request.on('data', chunk => (body += String(chunk)))
    request.on('end', () => {
      const { input } = JSON.parse(body) as { input: string }
      texts.push(input)
      const hate = input.includes(DISLIKED)
      const results = [{ categories: { hate }, category_scores: { hate: hate ? 0.99 : 0.01 } }]
      response.end(JSON.stringify({ model: 'moderation-3', results }))
    })
  })
  await new Promise<void>(resolve => server.listen(port, '127.0.0.1', resolve))
  return {
    texts,
    port: (server.address() as AddressInfo).port,
    async kill() {
      server.closeAllConnections()
      await new Promise(resolve => server.close(resolve))
    },
  }
}

describe('a control plane with a moderation service', () => {
  let castellan: ControlPlane
  let client: CastellanClient
  let service: Awaited<ReturnType<typeof moderation>>
  let settings: string
  /** Over REST a denial is a refusal, with the id of the call in it. */
  const write = async (content: string): Promise<{ outcome: string; call_id: string }> => {
    const args = { path: join(files, 'a.txt'), content }
    const headers = { authorization: `Bearer ${castellan.key}`, 'content-type': 'application/json' }
    const body = JSON.stringify({ name: 'files__write_file', args })
    const response = await fetch(`${castellan.url}/api/calls`, { method: 'POST', headers, body })
    const { outcome, code, call_id: id } = (await response.json()) as Record<string, string>
    return { outcome: outcome ?? code ?? '', call_id: id ?? '' }
  }
  const health = async (): Promise<GuardrailProvider> => {
    const { providers } = await client.guardrails.health()
    return providers.find(({ name }) => name === 'moderation')!
  }
  // A refusal is written soon after it was told.
  const journaled = async (callId: string) =>
    JSON.stringify(await castellan.ask('GET', `/api/journal?stream=call:${callId}`))

  before(async () => {
    service = await moderation()
    const url = `http://127.0.0.1:${service.port}/v1/moderations`
    const stages = ['arguments', 'model_input']
    settings = JSON.stringify({ moderation: { kind: 'http', dialect: 'openai', model: 'm', url, stages } })
    castellan = await controlPlane({ guardrailsProviders: settings }, undefined, {
      breaker: { threshold: 2, rest: 200 },
    })
    client = new CastellanClient({ url: castellan.url, key: castellan.key })
    await castellan.ask('POST', '/api/mcp-servers', {
      ...stdioServer('filesystem', files),
      name: 'files',
      tools: { write_file: { effect: 'unsafe' } },
    })
  })
  after(async () => {
    await castellan[Symbol.asyncDispose]()
    await service.kill()
    rmSync(files, { recursive: true })
  })

  test('stops arguments that the service dislikes, and it does not see personal data', async () => {
    assert.equal((await write('a note for ann.marsh@example.org')).outcome, 'ok')
    assert.match(service.texts.at(-1)!, /a note for \[redacted:email\]/)
    const stopped = await write(`so much ${DISLIKED}`)
    assert.equal(stopped.outcome, 'denied_guardrail')
    await until(
      'the line of the call',
      () => journaled(stopped.call_id),
      line => line.includes('says moderation'),
    )
  })

  test('scans by it over REST and on the command line alike, and asks once', async () => {
    const asked = service.texts.length
    const text = `more ${DISLIKED}`
    const { verdict, signals } = await client.guardrails.scan(text)
    assert.deepEqual([verdict, signals[0]?.provider, signals[0]?.category], ['block', 'moderation', 'hate'])
    await client.guardrails.scan(text)
    assert.equal(service.texts.length, asked + 1)
    const config = join(files, 'castellan.yaml')
    writeFileSync(config, `settings: { guardrails: { providers: ${settings} } }`)
    const { code, out } = await run(['guardrails', 'scan', '--config', config, '--json'], { input: async () => text })
    assert.equal(code, 1)
    assert.deepEqual((JSON.parse(out) as { signals: unknown }).signals, signals)
  })

  test('reuses in a session what was said of its preflight', async () => {
    const asked = service.texts.length
    await using session = await client.startSession({ preflight: [`some ${DISLIKED} to begin with`] })
    const step = await session.step({ role: 'user', input_text: `some ${DISLIKED} to begin with` })
    assert.equal(step.decision, 'denied_guardrail')
    assert.deepEqual(step.reused_fingerprints, step.guardrail_signals.map(({ fingerprint }) => fingerprint)) // prettier-ignore
    assert.equal(service.texts.length, asked + 1)
  })

  test('is not asked about tools of which the tenant says so', async () => {
    const asked = service.texts.length
    await castellan.ask('PUT', '/api/guardrails', { rules: [{ tools: ['files/*'], providers: [] }] })
    assert.equal((await write(`private ${DISLIKED}`)).outcome, 'ok')
    assert.equal(service.texts.length, asked)
    await castellan.ask('PUT', '/api/guardrails', {})
  })

  test('goes on without it under mixed and says so, is shut under hard_gate, and finds it again by itself', async () => {
    assert.deepEqual([(await health()).available, (await health()).version], [true, 'moderation-3'])
    await service.kill()
    const alone = await write('while the service is gone')
    assert.equal(alone.outcome, 'ok')
    await until(
      'the line of the call',
      () => journaled(alone.call_id),
      line => line.includes('"unavailable":["moderation"]'),
    )
    await castellan.ask('PUT', '/api/guardrails', { mode: 'hard_gate' })
    for (const content of ['one', 'two', 'three']) assert.equal((await write(content)).outcome, 'denied_guardrail')
    const { available, external } = await health()
    assert.equal(available, false)
    assert.match(external!.last_failure!.why, /refused/)
    const metrics = await (
      await fetch(`${castellan.url}/metrics`, { headers: { authorization: `Bearer ${castellan.key}` } })
    ).text()
    assert.match(metrics, /castellan_guardrail_provider_up\{provider="moderation"\} 0/)
    assert.ok(castellan.log.some(line => line.includes('guardrail.provider_fails')))

    service = await moderation(service.port)
    const again = () => write('after it came back')
    assert.equal((await until('a call by the service', again, ({ outcome }) => outcome === 'ok')).outcome, 'ok')
    assert.equal((await health()).available, true)
    assert.ok(castellan.log.some(line => line.includes('guardrail.provider_works')))
  })
})
