import assert from 'node:assert/strict'
import { test } from 'node:test'
import { manualClock } from '../../kernel/index.ts'
import { aServer } from '../../registry/fixtures/server.ts'
import { scriptedConnector } from '../fixtures/scripted-connector.ts'
import { Bulkhead } from './bulkhead.ts'
import { Replica } from './replica.ts'

test('a replica that broke again and again rests longer each time, until it has held for long', async () => {
  const clock = manualClock()
  const connector = scriptedConnector()
  const { id: serverId, name: server, connection, timeouts } = aServer()
  const rests: number[] = []
  let broken = Promise.withResolvers<void>()
  const replica: Replica = new Replica({
    connector,
    target: async () => ({
      serverId,
      server,
      replica: 0,
      connection,
      endpoint: '',
      values: {},
      timeouts,
      announces: {},
    }),
    events: { onListChanged: () => undefined, onLog: () => undefined },
    openings: new Bulkhead(1),
    clock,
    onOpened: () => undefined,
    onBroken: () => {
      replica.report(true)
      rests.push(replica.rest)
      broken.resolve()
    },
  })
  for (const held of [0, 1_000, 1_000, 1_000, 29_000, 30_001]) {
    clock.advance(replica.rest)
    await replica.use(new AbortController().signal, async () => undefined)
    clock.advance(held)
    broken = Promise.withResolvers()
    connector.opened.at(-1)!.drop('exit 1')
    await broken.promise
  }
  assert.ok(
    rests.every((rest, index) => rest >= (index === 5 ? 125 : 125 * 2 ** index)),
    rests.join(),
  )
  assert.ok(rests.at(-1)! <= 250, rests.join())
})
