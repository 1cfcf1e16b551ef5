import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { httpServer, json } from '../adapters/http-client/fixtures/http-server.ts'
import { loadConfig } from '../config/index.ts'
import { fault } from '../kernel/index.ts'
import type { ModelRequest } from '../runs/index.ts'
import { models } from './models.ts'

const folder = mkdtempSync(join(tmpdir(), 'castellan-models-'))
after(() => rmSync(folder, { recursive: true, force: true }))

describe('the models of the settings', () => {
  test('are asked with the key that was meant for them, and their answers recorded and played', async () => {
    const server = await httpServer((_, response) =>
      json(response, { choices: [{ index: 0, message: { content: 'Four.' }, finish_reason: 'stop' }] }),
    )
    const [url, file] = [`${server.url}/v1`, join(folder, 'tape.jsonl')]
    const remote = {
      kind: 'openai-compatible',
      base_url: url,
      api_key: 'env:KEY',
      headers: { 'x-team': 'secret:team' },
    }
    const router = routerOf({
      remote,
      recording: { kind: 'cassette', file, mode: 'record', of: 'remote' },
      playing: { kind: 'cassette', file, mode: 'replay' },
    })
    for (const model of ['recording/org/tiny', 'playing/org/tiny'])
      assert.equal((await router.step(request(model), soon())).text, 'Four.')
    await router.close()
    await server.stop()
    const [asked, ...more] = server.received
    assert.deepEqual(more, [])
    assert.deepEqual([asked?.headers.authorization, asked?.headers['x-team']], ['Bearer value of KEY', 'value of team'])
    assert.equal((JSON.parse(asked!.body) as { model: string }).model, 'org/tiny')
  })

  test('may be scripted, and what is wrong with a script is said by who asks and by who looks', async () => {
    const script = join(folder, 'script.yaml')
    const router = routerOf({ acting: { kind: 'scripted', script } })
    const missing = /the script .*script\.yaml: it cannot be read \(ENOENT\)/
    await assert.rejects(router.step(request('acting/anybody'), soon()), { code: 'MODEL_REFUSED', message: missing })
    assert.match((await router.providers())[0]!.trouble!, missing)
    writeFileSync(script, 'lines: [{ say: Hello. }]')
    assert.equal((await router.step(request('acting/anybody'), soon())).text, 'Hello.')
    assert.deepEqual(await router.providers(), [{ name: 'acting', kind: 'scripted', trouble: null }])
    await router.close()
  })

  test('say what keeps them from being asked, and name no secret of anybody', async () => {
    const router = routerOf({
      openai: { kind: 'openai', api_key: 'env:GONE' },
      anthropic: { kind: 'anthropic', api_key: 'env:KEY' },
      playing: { kind: 'cassette', file: join(folder, 'none.jsonl'), mode: 'replay' },
    })
    assert.deepEqual(await router.providers(), [
      { name: 'openai', kind: 'openai', trouble: 'a secret it needs cannot be read: it is not set' },
      { name: 'anthropic', kind: 'anthropic', trouble: null },
      { name: 'playing', kind: 'cassette', trouble: 'its file cannot be read (ENOENT)' },
    ])
    await router.close()
  })
})

const soon = () => AbortSignal.timeout(10_000)

function routerOf(providers: unknown) {
  const variables = { CASTELLAN_MODELS_PROVIDERS: JSON.stringify(providers) }
  const { config } = loadConfig({ flags: {}, variables, file: null })
  return models(config.models.providers, async refs => {
    const values = Object.entries(refs).map(([key, ref]): [string, string] => {
      const name = Object.values(ref).join('#')
      if (name === 'GONE') throw fault('SECRET_UNREADABLE', { name, why: 'it is not set' })
      return [key, `value of ${name}`]
    })
    return Object.fromEntries(values)
  })
}

function request(model: string): ModelRequest {
  const messages = [{ role: 'user', text: 'Two and two?' }] as const
  return { model, messages, tools: [], toolChoice: 'auto', output: null, temperature: null, maxTokens: null }
}
