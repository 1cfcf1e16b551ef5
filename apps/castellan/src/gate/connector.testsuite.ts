import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { digestJson, isFault, isJsonObject, type JsonObject, newId } from '../kernel/index.ts'
import type { Capability, Primitive, Server } from '../registry/index.ts'
import { AllowedCall } from './allowed-call.ts'
import type { Call, CallMethod, GivenInput } from './call.ts'
import type { CallerClient, CallIo, Connector, Link, LinkEvents, Reply, Target } from './connector.ts'

/** A call to a tool of the fixture's server. */
export interface Ask {
  readonly tool: string
  readonly args: JsonObject
}

/** A real server that a connector is tried on, and what it can do. What is left out is not tested. */
export interface ConnectorFixture {
  readonly connector: Connector
  /** Its `values` hold at least one secret of four characters or more. */
  readonly target: Target
  /** Where no server is. */
  readonly unreachable: Target
  /** All it offers, word for word as it must be discovered. */
  readonly offers: readonly { readonly primitive: Primitive; readonly name: string; readonly definition: JsonObject }[]
  /** Answers with the text it was given. */
  readonly echo: (text: string) => Ask
  /** Answers with a result that has `isError`. */
  readonly fail: Ask
  /** Answers with an error of the protocol, and its code. */
  readonly refuse?: { readonly ask: Ask; readonly code: number }
  /** Does not answer until it is cancelled; the other two answer with texts that name the labels that began and were cancelled. */
  readonly slow?: { readonly ask: (label: string) => Ask; readonly started: Ask; readonly cancelled: Ask }
  /** Ends the server instead of answering, and has it say the words on its way, wherever it can. */
  readonly crash?: (words: string) => Ask
  /** Answers with so many characters of text. */
  readonly big: (characters: number) => Ask
  /** Reports so many steps, and answers together with the last. */
  readonly progress?: (steps: number) => Ask
  /** Says that its tools have changed. */
  readonly change?: Ask
  /** Asks its client for a name by a form, in the way of its revision, and answers with a text that holds it. */
  readonly question?: Ask
  /** Says the words in a log message to its client, then answers. */
  readonly tell?: (words: string) => Ask
  /** Names of the processes and sockets that belong to links of the target. */
  readonly leftovers: () => Promise<readonly string[]>
  readonly stop: () => Promise<void>
}

/** Longest wait for a fact, milliseconds. */
const PATIENCE = 10_000

/** What every connector promises, as far as its transport can. Each test has a server of its own. */
export async function connectorSuite(name: string, makeFixture: () => Promise<ConnectorFixture>): Promise<void> {
  // One that is stopped at once, for what its transport is able to do.
  const { stop, ...able } = await makeFixture()
  await stop()

  describe(`${name} keeps the promises of a connector`, { timeout: 120_000 }, () => {
    test('everything is discovered exactly as the server describes it', () =>
      within(makeFixture, async ({ fixture, link }) => {
        const { capabilities, warnings } = await link.discover(soon())
        const found = capabilities.map(({ primitive, name, definition }) => ({ primitive, name, definition }))
        assert.deepEqual(byName(found), byName(fixture.offers))
        for (const capability of capabilities) assert.equal(capability.digest, digestJson(capability.definition))
        assert.deepEqual(warnings, [])
      }))

    test('a tool answers, and a probe finds the server alive', () =>
      within(makeFixture, async ({ fixture, ask, link }) => {
        assert.match(textOf(await ask(fixture.echo('good morning, Grüße, 你好'))), /good morning, Grüße, 你好/)
        await link.probe(soon())
      }))

    test("a tool's own failure is a result", () =>
      within(makeFixture, async ({ fixture, ask }) => {
        const reply = await ask(fixture.fail)
        assert.equal(reply.is, 'result')
        assert.equal(reply.is === 'result' && reply.result.isError, true)
      }))

    if (able.refuse) {
      test("the server's refusal is an error with its code", async () => {
        await within(makeFixture, async ({ fixture, ask }) => {
          const reply = await ask(fixture.refuse!.ask)
          assert.equal(reply.is, 'error')
          assert.equal(reply.is === 'error' && reply.error.code, fixture.refuse!.code)
        })
      })
    }

    test('answers to concurrent calls are never mixed up', () =>
      within(makeFixture, async ({ fixture, ask }) => {
        const texts = Array.from({ length: 50 }, (_, index) => `text number ${index}.`)
        const replies = await Promise.all(texts.map(text => ask(fixture.echo(text))))
        replies.forEach((reply, index) => assert.ok(textOf(reply).includes(texts[index]!)))
      }))

    test('four megabytes arrive whole', () =>
      within(makeFixture, async ({ fixture, ask }) => {
        const size = 4 * 1024 * 1024
        assert.ok(textOf(await ask(fixture.big(size))).length >= size)
      }))

    if (able.progress) {
      test('every progress notification passes, also the one that comes with the answer', async () => {
        await within(makeFixture, async ({ fixture, ask }) => {
          for (let round = 0; round < 20; round++) {
            const seen: JsonObject[] = []
            await ask(fixture.progress!(5), { onProgress: params => seen.push(params) })
            assert.deepEqual(
              seen.map(({ progress }) => progress),
              [1, 2, 3, 4, 5],
            )
            assert.ok(seen.every(params => !('progressToken' in params)))
          }
        })
      })
    }

    if (able.change) {
      test('a change of the tools is told', async () => {
        await within(makeFixture, async ({ fixture, ask, changed }) => {
          // A subscription may still be on its way when the first change happens.
          await eventually('the change is told', async () => {
            await ask(fixture.change!)
            return changed.has('tools')
          })
        })
      })
    }

    if (able.question) {
      test('what the server wants to know reaches the client of the call, and no other', async () => {
        await within(makeFixture, async ({ fixture, ask }) => {
          const question = fixture.question!
          const asked: string[] = []
          const answer = { action: 'accept', content: { name: 'Ann' } }
          const client: CallerClient = {
            ...speechless,
            capabilities: { elicitation: { form: {} } },
            ask: async method => (asked.push(method), { is: 'result', result: answer }),
          }

          let reply = await ask(question, { client })

          if (reply.is === 'inputRequired') {
            const { inputRequests, requestState } = reply.result
            const names = Object.keys(isJsonObject(inputRequests) ? inputRequests : {})
            const responses = Object.fromEntries(names.map(name => [name, answer]))
            const state = typeof requestState === 'string' ? requestState : null
            reply = await ask(question, { client }, { responses, state })
          } else assert.deepEqual(asked, ['elicitation/create'])
          assert.match(textOf(reply), /Ann/)
        })
      })
    }

    if (able.tell) {
      test('a log message reaches the client of the call before its answer', async () => {
        await within(makeFixture, async ({ fixture, ask }) => {
          const told: string[] = []
          const client: CallerClient = {
            ...speechless,
            logLevel: 'debug',
            notify: (method, params) => told.push(`${method} ${JSON.stringify(params)}`),
          }
          await ask(fixture.tell!('good news'), { client })
          assert.equal(told.length, 1)
          assert.match(told[0]!, /notifications\/message .*good news/)
        })
      })
    }

    if (able.slow) {
      test('a cancelled call settles at once and is cancelled at the server', async () => {
        await within(makeFixture, async ({ fixture, ask }) => {
          const slow = fixture.slow!
          const cancelling = new AbortController()
          const reply = ask(slow.ask('lengthy'), { signal: cancelling.signal })
          await eventually('the call has begun', async () => textOf(await ask(slow.started)).includes('lengthy'))

          const cancelledAt = performance.now()
          cancelling.abort()

          const settled = await reply
          assert.equal(settled.is, 'broken')
          assert.equal(settled.is === 'broken' && settled.sent, true)
          assert.ok(performance.now() - cancelledAt < 500, 'it settled promptly')
          await eventually('the server knows', async () => textOf(await ask(slow.cancelled)).includes('lengthy'))
        })
      })
    }

    test('a call that was cancelled before it began is not sent', () =>
      within(makeFixture, async ({ fixture, ask }) => {
        const reply = await ask(fixture.echo('never'), { signal: AbortSignal.abort() })
        assert.equal(reply.is === 'broken' && reply.sent, false)
      }))

    if (able.crash) {
      test('a server that dies in the middle of a call breaks it, as sent, and nothing hangs', async () => {
        await within(makeFixture, async ({ fixture, ask, link }) => {
          const reply = await ask(fixture.crash!('farewell'))
          assert.equal(reply.is, 'broken')
          assert.equal(reply.is === 'broken' && reply.sent, true)
          await assert.rejects(link.probe(soon()), error => isFault(error, 'UPSTREAM_UNREACHABLE'))
          const next = await ask(fixture.echo('anyone there?'))
          assert.equal(next.is, 'broken')
        })
      })
    }

    if (able.crash) {
      test('secrets appear in no reason, fault or log line', async () => {
        await within(makeFixture, async ({ fixture, ask, link, log }) => {
          const secrets = Object.values(fixture.target.values)
          assert.ok(secrets.length > 0)

          const broken = await ask(fixture.crash!(`the secret is ${secrets.join(' and ')}`))
          const fault = await link.probe(soon()).then(
            () => null,
            (error: Error) => error.message,
          )
          await link.close()
          const said = [JSON.stringify(broken), fault, await link.closed, ...log].join('\n')

          for (const secret of secrets) assert.ok(!said.includes(secret), said)
        })
      })
    }

    test('closing leaves nothing, breaks what is under way, and can be repeated', () =>
      within(makeFixture, async ({ fixture, ask, link }) => {
        const underWay = fixture.slow ? ask(fixture.slow.ask('unfinished')) : null

        await Promise.all([link.close(), link.close()])
        await link.close()

        assert.equal(typeof (await link.closed), 'string')
        if (underWay) assert.equal((await underWay).is, 'broken')
        assert.deepEqual(await fixture.leftovers(), [])
        const late = await ask(fixture.echo('too late'))
        assert.equal(late.is === 'broken' && late.sent, false)
      }))

    test('opening where no server is throws UPSTREAM_UNREACHABLE and leaves nothing', async () => {
      const fixture = await makeFixture()
      try {
        const opening = fixture.connector.open(fixture.unreachable, quiet, soon())
        await assert.rejects(opening, error => {
          assert.ok(isFault(error, 'UPSTREAM_UNREACHABLE'), String(error))
          for (const secret of Object.values(fixture.unreachable.values)) assert.ok(!error.message.includes(secret))
          return true
        })
        await eventually('nothing is left', async () => (await fixture.leftovers()).length === 0)
      } finally {
        await fixture.stop()
      }
    })

    test('opening can be cancelled at any moment and leaves nothing', async () => {
      const fixture = await makeFixture()
      try {
        for (const milliseconds of [0, 1, 5, 20, 50]) {
          const cancelling = AbortSignal.timeout(milliseconds)
          const opened = await fixture.connector.open(fixture.target, quiet, cancelling).catch((error: unknown) => {
            assert.ok(isFault(error), String(error))
            return null
          })
          await opened?.close()
          await eventually('nothing is left', async () => (await fixture.leftovers()).length === 0)
        }
      } finally {
        await fixture.stop()
      }
    })
  })
}

interface Opened {
  readonly fixture: ConnectorFixture
  readonly link: Link
  /** Calls a tool of the fixture. */
  readonly ask: (ask: Ask, io?: Partial<CallIo>, input?: GivenInput) => Promise<Reply>
  /** Lists the server said have changed. */
  readonly changed: ReadonlySet<string>
  readonly log: readonly string[]
}

/** Runs a test on an open link to a fresh server, and ends both. */
async function within(
  makeFixture: () => Promise<ConnectorFixture>,
  body: (opened: Opened) => Promise<void>,
): Promise<void> {
  const fixture = await makeFixture()
  const changed = new Set<string>()
  const log: string[] = []
  const events: LinkEvents = { onListChanged: list => changed.add(list), onLog: line => log.push(line) }
  try {
    const link = await fixture.connector.open(fixture.target, events, soon())
    try {
      const ask: Opened['ask'] = (ask, io, input) =>
        link.call(allowedTool(fixture, ask, input), { signal: soon(), onProgress: null, client: null, ...io })
      await body({ fixture, link, ask, changed, log })
    } finally {
      await link.close()
    }
    await eventually('nothing is left', async () => (await fixture.leftovers()).length === 0)
  } finally {
    await fixture.stop()
  }
}

function allowedTool({ offers, target }: ConnectorFixture, { tool, args }: Ask, input?: GivenInput): AllowedCall {
  const offer = offers.find(({ primitive, name }) => primitive === 'tool' && name === tool)
  assert.ok(offer, `the fixture offers no tool ${tool}`)
  return allowedCall(
    target,
    { ...offer, server: target.serverId, digest: digestJson(offer.definition), impliedEffect: null },
    args,
    { ...(input && { input }) },
  )
}

/** A call as the gate would let it pass, for tests of connectors. */
export function allowedCall(
  target: Target,
  capability: Capability,
  args: JsonObject,
  rest: {
    readonly method?: CallMethod
    readonly meta?: JsonObject
    readonly upstreamKey?: string
    readonly input?: GivenInput
  } = {},
): AllowedCall {
  const method = rest.method ?? methods[capability.primitive]
  const call: Call = {
    id: newId(),
    identity: {
      principal: { id: newId(), kind: 'agent', name: 'tester', memberships: [], external: null, version: 1 },
      tenant: 'default',
      roles: ['operator'],
      scopes: ['mcp'],
      keyId: null,
      expiresAt: null,
    },
    server: serverOf(target),
    capability,
    method,
    args,
    argsDigest: digestJson(args),
    input: rest.input ?? null,
    effect: 'unsafe',
    openWorld: false,
    context: {
      correlationId: newId(),
      causationId: null,
      sessionId: null,
      idempotencyKey: null,
      dryRun: false,
      via: 'mcp',
      meta: rest.meta ?? null,
    },
    upstreamKey: rest.upstreamKey ?? null,
    digest: digestJson({ method, name: capability.name, args }),
  }
  return AllowedCall.of(call)
}

const methods = {
  tool: 'tools/call',
  resource: 'resources/read',
  template: 'resources/read',
  prompt: 'prompts/get',
} as const satisfies Record<Primitive, CallMethod>

function serverOf({ serverId, server, connection, timeouts }: Target): Server {
  const now = '2026-01-01T00:00:00Z'
  const settings = { trusted: false, tools: {}, maxConcurrent: 100, probeEvery: 30_000, maxAttempts: 3, version: 1 }
  return {
    id: serverId,
    tenant: 'default',
    name: server,
    description: '',
    connection,
    timeouts,
    ...settings,
    createdAt: now,
    updatedAt: now,
  }
}

/** Text of a result's first content block. */
export function textOf(reply: Reply): string {
  assert.equal(reply.is, 'result', JSON.stringify(reply))
  const content = reply.is === 'result' ? reply.result.content : null
  const first: unknown = Array.isArray(content) ? content[0] : null
  assert.ok(isJsonObject(first) && typeof first.text === 'string', 'the result has no text')
  return first.text
}

/** Asks for a fact again and again until it is so, for a bounded time. */
export async function eventually(what: string, isSo: () => Promise<boolean>): Promise<void> {
  const until = performance.now() + PATIENCE
  while (!(await isSo())) {
    assert.ok(performance.now() < until, `it never happened that ${what}`)
    await new Promise(resolve => setTimeout(resolve, 20))
  }
}

/** A client that can do nothing. */
const speechless = {
  id: 'the client',
  capabilities: {},
  logLevel: null,
  takesInputRequired: true,
  notify: () => {},
  ask: async () => ({ is: 'error', error: { code: -32601, message: 'It cannot be asked.' } }) as const,
}

const quiet: LinkEvents = { onListChanged: () => {} }

function soon(): AbortSignal {
  return AbortSignal.timeout(PATIENCE)
}

function byName<T extends { readonly primitive: string; readonly name: string }>(offers: readonly T[]): T[] {
  return offers.toSorted((a, b) => `${a.primitive} ${a.name}`.localeCompare(`${b.primitive} ${b.name}`))
}
