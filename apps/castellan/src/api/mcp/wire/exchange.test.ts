import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, test } from 'node:test'
import { EventLog, eventPlace } from './event-log.ts'
import { EventStream } from './event-stream.ts'
import { Exchange, type ExchangeStyle } from './exchange.ts'
import { Heartbeat } from './heartbeat.ts'

describe('the answer to a request', () => {
  test('is plain JSON when nothing has to be said before it', () =>
    within({}, async ({ ask, exchange }) => {
      const answer = ask()
      const { answer: give } = await exchange()
      give('{"id":1}')
      const response = await answer
      assert.deepEqual([response.headers.get('content-type'), await response.text()], ['application/json', '{"id":1}'])
    }))

  test('is an event stream from the moment something has to be said before it', () =>
    within({}, async ({ ask, exchange }) => {
      const answer = ask()
      const { say, answer: give } = await exchange()
      say('{"method":"progress"}')
      const response = await answer
      assert.equal(response.headers.get('content-type'), 'text/event-stream')
      give('{"id":1}')
      assert.deepEqual(dataOf(await response.text()), ['{"method":"progress"}', '{"id":1}'])
    }))

  test('is JSON for a client that takes no streams, and what had to be said before it is lost', () =>
    within({ openStream: null }, async ({ ask, exchange }) => {
      const answer = ask()
      const { say, answer: give } = await exchange()
      say('{"method":"progress"}')
      give('{"id":1}')
      assert.equal(await (await answer).text(), '{"id":1}')
    }))

  test('to a batch is one array, or one stream of all answers', () =>
    within({ answers: 2, isBatch: true }, async ({ ask, exchange }) => {
      const plain = ask()
      const first = await exchange()
      first.answer('1')
      first.answer('2')
      assert.equal(await (await plain).text(), '[1,2]')
      const streamed = ask()
      const second = await exchange()
      second.answer('1')
      second.say('x')
      second.answer('2')
      assert.deepEqual(dataOf(await (await streamed).text()), ['1', 'x', '2'])
    }))

  test('that takes long becomes a stream that shows signs of life', () =>
    within({}, async ({ ask, exchange, heartbeat }) => {
      const answer = ask()
      const { beat, answer: give } = await exchange()
      for (let beats = 0; beats < 3; beats++) beat()
      const response = await answer
      give('{"id":1}')
      const text = await response.text()
      assert.match(text, /^: alive$/m)
      assert.deepEqual(dataOf(text), ['{"id":1}'])
      heartbeat.stop()
    }))

  test('says when its client has gone, and only then', () =>
    within({}, async ({ ask, exchange, gone }) => {
      const closing = new AbortController()
      const answer = ask(closing.signal).catch(() => 'closed')
      await exchange()
      closing.abort()
      assert.equal(await answer, 'closed')
      await gone()
    }))
})

describe('a stream with a log', () => {
  test('names itself first, and is taken up again after the last event its client saw', () =>
    within({ log: true }, async ({ ask, exchange, resume }) => {
      const closing = new AbortController()
      const answer = ask(closing.signal)
      const { say, answer: give, stream } = await exchange()
      say('"one"')
      const response = await answer
      const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader()
      let seen = ''
      while (!seen.includes('"one"')) seen += (await reader.read()).value ?? ''
      const [named, one] = idsOf(seen)
      assert.ok(named !== undefined && one !== undefined && /^retry: \d+$/m.test(seen))
      closing.abort()
      await reader.cancel().catch(() => undefined)
      say('"two"')
      give('"three"')
      const again = await resume(stream(), eventPlace(one)!.number)
      assert.deepEqual(dataOf(again), ['"two"', '"three"'])
      assert.deepEqual(dataOf(await resume(stream(), eventPlace(named)!.number)), ['"one"', '"two"', '"three"'])
    }))

  test('keeps only the latest of what nobody has taken, and of what ended only for a while', () => {
    let now = 0
    const log = new EventLog(() => now)
    const stream = log.open()
    for (let event = 0; event < 100; event++) log.add(stream, 'x'.repeat(10_000))
    assert.ok(log.after(stream, 0).length < 30)
    log.ended(stream)
    now += 120_000
    log.add(log.open(), 'y')
    assert.equal(log.keeps(stream), false)
  })

  test('takes room also when nothing was said on it, so that streams without end do not', () => {
    const log = new EventLog(() => 0)
    const streams = Array.from({ length: 10_000 }, () => log.open())
    for (const stream of streams) log.add(stream, null)
    const kept = streams.filter(stream => log.keeps(stream))
    assert.ok(kept.length < 5_000 && kept.at(-1) === streams.at(-1), `${kept.length} are kept`)
  })

  test('has ids that are told from anything else', () => {
    assert.deepEqual(eventPlace('3-14'), { stream: 3, number: 14 })
    for (const id of ['', '3', '3-', '-1-2', '3-14-15', 'a-b', `${'9'.repeat(20)}-1`])
      assert.equal(eventPlace(id), null)
  })
})

interface Opened {
  readonly heartbeat: Heartbeat
  ask(signal?: AbortSignal): Promise<Response>
  /** The exchange of the next request that arrives. */
  exchange(): Promise<{
    say: (text: string) => void
    answer: (text: string) => void
    beat: () => void
    stream: () => EventStream
  }>
  resume(stream: EventStream, after: number): Promise<string>
  /** Resolves when the exchange was told that its client has gone. */
  gone(): Promise<void>
}

async function within(
  style: Partial<ExchangeStyle> & { readonly log?: boolean },
  body: (opened: Opened) => Promise<void>,
): Promise<void> {
  const heartbeat = new Heartbeat(60_000)
  const log = style.log ? new EventLog(() => 0) : null
  const waiting: ServerResponse[] = []
  const left = Promise.withResolvers<void>()
  const server = createServer((_request, response) => {
    waiting.push(response)
    server.emit('arrived')
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const next = async () => {
    if (waiting.length === 0) await once(server, 'arrived')
    return waiting.shift()!
  }
  try {
    await body({
      heartbeat,
      ask: signal => fetch(url, signal ? { signal } : {}),
      async exchange() {
        let opened: EventStream | undefined
        const openStream = style.openStream === null ? null : () => (opened = new EventStream(log))
        const settings = { answers: 1, isBatch: false, headers: {}, heartbeat, ...style, openStream }
        const exchange = new Exchange(await next(), settings, left.resolve)
        return {
          say: text => exchange.say(text),
          answer: text => exchange.answer(text),
          beat: () => exchange.beat(),
          stream: () => opened!,
        }
      },
      async resume(stream, after) {
        const answer = fetch(url)
        stream.attach(await next(), {}, after)
        return (await answer).text()
      },
      gone: () => left.promise,
    })
  } finally {
    heartbeat.stop()
    server.closeAllConnections()
    await new Promise(resolve => server.close(resolve))
  }
}

function dataOf(text: string): string[] {
  return [...text.matchAll(/^data: (.+)$/gm)].map(([, data]) => data!)
}

function idsOf(text: string): string[] {
  return [...text.matchAll(/^id: (.+)$/gm)].map(([, id]) => id!)
}
