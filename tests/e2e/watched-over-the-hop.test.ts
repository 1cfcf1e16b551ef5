import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { CallAnswer } from '@castellan/contracts'
import { until } from '../support/control-plane.ts'
import { connect, revisions } from '../support/mcp-client.ts'
import { type Node, nodesOn } from '../support/nodes.ts'
import { postgresForTests } from '../support/services.ts'

const postgres = await postgresForTests()
const program = new URL('fixtures/curious-server.ts', import.meta.url).pathname
const NEWS = 'curious://news'

describe('a resource of a stdio server that another node runs', { skip: postgres.skip }, () => {
  for (const revision of revisions)
    for (const era of ['legacy', 'modern'])
      test(`of ${era} is watched by a client of ${revision}, also after that node was killed`, async () => {
        await using nodes = await nodesOn(postgres.url)
        const owner = await nodes.start()
        const server = { transport: 'stdio', command: process.execPath, args: [program, 'stdio', era] }
        await owner.rest.must('POST', '/api/mcp-servers', {
          body: { name: 'curious', ...server, tools: { touch: { effect: 'unsafe' } } },
        })
        await touch(owner)
        const other = await nodes.start()
        await using client = await connect(other, revision)
        let heard = 0
        client.setNotificationHandler('notifications/resources/updated', ({ params: { uri } }) => {
          assert.equal(uri, NEWS)
          heard++
        })
        if (revision === '2025-11-25') await client.subscribeResource({ uri: NEWS })
        else await client.listen({ resourceSubscriptions: [NEWS] })

        await touch(owner)
        await until('the change is heard', () => heard, times => times === 1) // prettier-ignore
        await touch(other)
        await until('the next one is heard', () => heard, times => times === 2) // prettier-ignore

        owner.signal('SIGKILL')
        await owner.ended
        // What changed meanwhile nobody knows, so that is told; and nobody but the client that watches needs the server.
        await until('it may have changed', () => heard, times => times === 3) // prettier-ignore
        await touch(other)
        await until('a change is heard again', () => heard, times => times === 4) // prettier-ignore
      })
})

/** Has the server say that the resource changed. */
async function touch(node: Node): Promise<void> {
  const { outcome } = await node.rest.must<CallAnswer>('POST', '/api/calls', { body: { name: 'curious__touch', args: {} } }) // prettier-ignore
  assert.equal(outcome, 'ok')
}
