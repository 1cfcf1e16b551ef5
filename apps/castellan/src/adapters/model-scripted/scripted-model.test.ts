import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { parseStrict } from '../../kernel/index.ts'
import type { Message, ModelRequest } from '../../runs/index.ts'
import { modelSuite, type Said } from '../../runs/model.testsuite.ts'
import { readScript } from './read-script.ts'
import { scriptedModel } from './scripted-model.ts'

const folder = mkdtempSync(join(tmpdir(), 'castellan-script-'))
after(() => rmSync(folder, { recursive: true, force: true }))

let files = 0
function scriptIn(text: string) {
  const file = join(folder, `${files++}.yaml`)
  writeFileSync(file, text)
  return readScript(file)
}

modelSuite('a scripted model', {
  async saying({ text, reasoning, calls, finish, usage }: Said) {
    const line = {
      say: text,
      think: reasoning,
      call: calls?.map(({ tool, args }) => ({ tool, args: argsOf(args) })),
      finish: finish === 'calls' ? undefined : finish,
      usage: usage ?? undefined,
    }
    let asked = 0
    const model = scriptedModel(await scriptIn(JSON.stringify({ lines: [line] })))
    return {
      model: {
        step: (...given) => {
          if (!given[1].aborted) asked++
          return model.step(...given)
        },
      },
      name: 'scripted/anybody',
      asked: () => asked,
      isAsked: () => Promise.resolve(),
      connections: () => Promise.resolve([]),
      stop: () => model.close(),
    }
  },
  odd: () => true,
})

/** As an author writes them: text where they are to be no JSON. */
function argsOf(args: string): unknown {
  try {
    return parseStrict(args)
  } catch {
    return args
  }
}

describe('a script', () => {
  const WEATHER = `
lines:
  - when: { model: critic }
    say: I doubt it.
  - when: { turn: 1, contains: weather }
    call: [{ tool: weather__get, args: { city: Ulm } }]
  - when: { after_tool: weather__get, matches: '^-?\\d+ °C$' }
    say: It is cold.
    usage: { input: 5, output: 3 }
  - when: { contains: slow }
    delay: 1h
    say: At last.
  - when: { contains: broken }
    fail: { with: unavailable, status: 503, retry_after: 2s }
  - when: { contains: forbidden }
    fail: { with: refused }
`

  test('goes by what is new to the model, its turn, its name and the tool that answered', async () => {
    const model = scriptedModel(await scriptIn(WEATHER))
    const asked: Message[] = [
      { role: 'system', text: 'slow broken forbidden' },
      { role: 'user', text: 'How is the weather?' },
    ]
    const first = await model.step(request(asked), never())
    assert.deepEqual(first.calls, [{ id: 'call_1_1', tool: 'weather__get', args: { city: 'Ulm' } }])
    const after: Message[] = [
      ...asked,
      { role: 'assistant', text: '', calls: first.calls },
      { role: 'tool', call: 'call_1_1', tool: 'weather__get', text: '-3 °C', isError: false },
    ]
    const second = await model.step(request(after), never())
    assert.equal(second.text, 'It is cold.')
    assert.deepEqual(second.usage, { input: 5, output: 3, cached: 0, guessed: false })
    assert.equal((await model.step(request(after, 'scripted/critic'), never())).text, 'I doubt it.')
  })

  test('answers a step that is asked for again alike', async () => {
    const text = 'How is the weather?'
    const steps = [scriptedModel(await scriptIn(WEATHER)), scriptedModel(await scriptIn(WEATHER))].map(model =>
      model.step(request([{ role: 'user', text }]), never()),
    )
    assert.deepEqual(await steps[0], await steps[1])
  })

  test('that has no line for a request says what was asked and which lines there are, and no prompt', async () => {
    const model = scriptedModel(await scriptIn(WEATHER))
    const asked = request([
      { role: 'system', text: 'secret-system' },
      { role: 'user', text: 'secret-question' },
    ])
    await assert.rejects(model.step(asked, never()), (error: Error) => {
      assert.match(
        error.message,
        /no line of its script fits anybody in turn 1, to which system \(13\), user \(15\) is new/,
      )
      assert.match(error.message, /1 when \{"model":"critic"\}, 2 when \{"contains":"weather","turn":1\}/)
      return !error.message.includes('secret') && 'code' in error && error.code === 'MODEL_REFUSED'
    })
  })

  test('fails as it says', async () => {
    const model = scriptedModel(await scriptIn(WEATHER))
    const ask = (text: string) => model.step(request([{ role: 'user', text }]), never())
    await assert.rejects(ask('broken'), {
      code: 'MODEL_UNAVAILABLE',
      details: { model: 'scripted/anybody', why: 'its script says so', status: 503, retry_after_ms: 2_000 },
    })
    await assert.rejects(ask('forbidden'), { code: 'MODEL_REFUSED' })
  })

  test('that takes its time can be given up, and closed', async () => {
    const model = scriptedModel(await scriptIn(WEATHER))
    const slow = request([{ role: 'user', text: 'slow' }])
    const giveUp = new AbortController()
    const reason = new Error('given up')
    const givenUp = assert.rejects(model.step(slow, giveUp.signal), error => error === reason)
    giveUp.abort(reason)
    await givenUp
    const closed = assert.rejects(model.step(slow, never()), { code: 'MODEL_UNAVAILABLE' })
    await model.close()
    await closed
  })

  test('that is wrong says where', async () => {
    for (const [text, why] of [
      ['lines: [{ sya: x }]', /at lines\.0: Unrecognized key: "sya"/],
      ['lines: []', /at lines: /],
      ['lines: [{ when: { matches: "(" } }]', /at lines\.0\.when\.matches: it is no regular expression/],
      ['lines: [{ delay: 5 minutes }]', /at lines\.0\.delay/],
      ['lines:\n - a: [', /line \d+ is not valid YAML/],
      ['', /at its top/],
    ] as const) {
      await assert.rejects(scriptIn(text), { code: 'CONFIG_INVALID', message: why })
    }
    await assert.rejects(readScript(join(folder, 'missing.yaml')), { code: 'CONFIG_INVALID', message: /ENOENT/ })
  })
})

const never = () => new AbortController().signal

function request(messages: readonly Message[], model = 'scripted/anybody'): ModelRequest {
  return { model, messages, tools: [], toolChoice: 'auto', output: null, temperature: null, maxTokens: null }
}
