import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { fault } from '../../kernel/index.ts'
import type { Model, ModelReply, ModelRequest } from '../../runs/index.ts'
import { modelSuite, type Said } from '../../runs/model.testsuite.ts'
import { cassetteModel } from './cassette-model.ts'

const folder = mkdtempSync(join(tmpdir(), 'castellan-cassette-'))
after(() => rmSync(folder, { recursive: true, force: true }))

let files = 0
const newFile = () => join(folder, `${files++}.jsonl`)

/** Records with the first request, and plays from the file afterwards. */
for (const playing of [false, true]) {
  modelSuite(`a cassette that ${playing ? 'plays' : 'records'}`, {
    async saying(said) {
      const file = newFile()
      let asked = 0
      const inner: Model = {
        async step(request, _, onDelta) {
          asked++
          const reply = replyOf(said, request)
          if (reply.text !== '') onDelta?.({ is: 'text', text: reply.text })
          return reply
        },
      }
      const recording = cassetteModel({ file, record: inner })
      const model: Model = playing
        ? {
            async step(request, signal, onDelta) {
              if (!signal.aborted) await recording.step(request, signal)
              return cassetteModel({ file, record: null }).step(request, signal, onDelta)
            },
          }
        : recording
      return {
        model,
        name: 'tape/anybody',
        asked: () => asked,
        isAsked: () => Promise.resolve(),
        connections: () => Promise.resolve([]),
        stop: () => recording.close(),
      }
    },
    odd: () => false,
  })
}

/** What a model makes of it that keeps its promises. */
function replyOf({ text = '', calls = [], finish = 'stop', usage }: Said, request: ModelRequest): ModelReply {
  const own = request.toolChoice === 'none' ? [] : calls
  return {
    text,
    calls: own.map(({ tool, args }, index) => ({ id: `own_${index}`, tool, args: JSON.parse(args) })),
    finish: own.length > 0 ? 'calls' : finish === 'calls' ? 'stop' : finish,
    usage: { ...(usage ?? { input: 1, output: 1, cached: 0 }), guessed: false },
    answeredBy: 'anybody',
  }
}

describe('a cassette', () => {
  test('plays what was recorded under another name, without asking, in another process', async () => {
    const file = newFile()
    const recorded = await cassetteModel({ file, record: saying('Four.') }).step(request('Two and two?'), never())
    const played = cassetteModel({ file, record: null })
    const asked = { ...request('Two and two?'), model: 'elsewhere/test-model' }
    assert.deepEqual(await played.step(asked, never()), recorded)
  })

  test('that lacks a request says where the nearest one differs, and no prompt', async () => {
    const file = newFile()
    const recording = cassetteModel({ file, record: saying('Four.') })
    await recording.step(request('secret-one'), never())
    await recording.step({ ...request('secret-two'), temperature: 0.5 }, never())
    const playing = cassetteModel({ file, record: null })
    const miss = async (asked: ModelRequest, where: RegExp) =>
      assert.rejects(playing.step(asked, never()), (error: Error) => {
        assert.match(error.message, where)
        return 'code' in error && error.code === 'MODEL_REFUSED' && !error.message.includes('secret')
      })
    await miss(request('secret-three'), /of its 2 the nearest differs first at messages\[1\]\.text \(12 characters now, 10 characters recorded\)/) // prettier-ignore
    await miss({ ...request('secret-two'), temperature: 0.7 }, /at temperature \(0\.7 now, 0\.5 recorded\)/)
    await miss({ ...request('secret-one'), tools: [{ name: 'read', description: '', schema: {} }] }, /at tools\[0\]\.description, which was not recorded/) // prettier-ignore
    await miss({ ...request('secret-one'), messages: [] }, /messages\[0\]\.role|toolChoice/)
  })

  test('that was never recorded says so', async () => {
    await assert.rejects(cassetteModel({ file: newFile(), record: null }).step(request('x'), never()), {
      code: 'MODEL_REFUSED',
      message: /is empty; record it first/,
    })
  })

  test('keeps the newest answer to a request, in its place, and goes on where it was left', async () => {
    const file = newFile()
    for (const [text, answer] of [
      ['a', 'one'],
      ['b', 'two'],
      ['a', 'three'],
    ] as const)
      await cassetteModel({ file, record: saying(answer) }).step(request(text), never())
    const texts = readFileSync(file, 'utf8').trim().split('\n').map(line => (JSON.parse(line) as { reply: ModelReply }).reply.text) // prettier-ignore
    assert.deepEqual(texts, ['three', 'two'])
  })

  test('has every step that was recorded at the same time, and leaves no draft behind', async () => {
    const file = newFile()
    const recording = cassetteModel({ file, record: saying('Four.') })
    await Promise.all(Array.from({ length: 20 }, (_, index) => recording.step(request(`question ${index}`), never())))
    assert.equal(readFileSync(file, 'utf8').trim().split('\n').length, 20)
    assert.deepEqual(readdirSync(folder).filter(name => name.endsWith('.new')), []) // prettier-ignore
    assert.equal(statSync(file).mode & 0o777, 0o600)
  })

  test('keeps no fault', async () => {
    const file = newFile()
    const broken: Model = { step: () => Promise.reject(fault('MODEL_UNAVAILABLE', { model: 'a/b', why: 'broken' })) }
    await assert.rejects(cassetteModel({ file, record: broken }).step(request('x'), never()), {
      code: 'MODEL_UNAVAILABLE',
    })
    await assert.rejects(cassetteModel({ file, record: null }).step(request('x'), never()), { message: /is empty/ })
  })

  test('that was edited, or cannot be written, is not trusted', async () => {
    const file = newFile()
    await cassetteModel({ file, record: saying('Four.') }).step(request('question'), never())
    writeFileSync(file, readFileSync(file, 'utf8').replace('question', 'edited'))
    for (const record of [null, saying('Five.')]) {
      await assert.rejects(cassetteModel({ file, record }).step(request('edited'), never()), {
        code: 'MODEL_REFUSED',
        message: /line 1 of the cassette .* is not what was recorded/,
      })
    }
    const nowhere = cassetteModel({ file: join(folder, 'missing', 'x.jsonl'), record: saying('Four.') })
    await assert.rejects(nowhere.step(request('x'), never()), { message: /cannot be written \(ENOENT\)/ })
  })
})

const never = () => new AbortController().signal

function saying(text: string): Model {
  return { step: request => Promise.resolve(replyOf({ text }, request)) }
}

function request(text: string): ModelRequest {
  return {
    model: 'tape/test-model',
    messages: [
      { role: 'system', text: 'Be brief.' },
      { role: 'user', text },
    ],
    tools: [],
    toolChoice: 'auto',
    output: null,
    temperature: null,
    maxTokens: null,
  }
}
