import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { newId } from '../kernel/index.ts'
import type { NodeStore } from './node-store.ts'
import type { ServerOwners } from './server-owners.ts'

interface Opened {
  readonly nodes: NodeStore
  readonly owners: ServerOwners
}

export interface OpenServerOwners extends Opened {
  /** The same store as another process has it. */
  readonly other: Opened
  close(): Promise<void>
}

/** What processes may rely on that agree who runs a server. */
export function serverOwnersSuite(name: string, open: () => Promise<OpenServerOwners>, skip: string | false): void {
  describe(`${name} knows who runs a server`, { skip }, () => {
    const within = async (body: (opened: OpenServerOwners) => Promise<void>) => {
      const opened = await open()
      try {
        await body(opened)
      } finally {
        await opened.close()
      }
    }

    test('who comes first has it, and keeps it as long as it says so', () =>
      within(async ({ nodes, owners, other }) => {
        const first = { node: nodes.id, address: 'a:1', fence: 1, lost: null }
        assert.deepEqual(await owners.claim('files', 'a:1', 60_000), first)
        assert.deepEqual(await other.owners.claim('files', 'b:1', 60_000), first)
        assert.deepEqual(await owners.claim('files', 'a:1', 60_000), first)
        assert.deepEqual([...(await owners.renew(60_000))], [['files', 1]])
        assert.deepEqual([...(await other.owners.renew(60_000))], [])
        assert.equal((await other.owners.claim('notes', 'b:1', 60_000)).node, other.nodes.id)
      }))

    test('what was not renewed in time is taken over, with a higher fence, and is lost: whoever takes it over learns from whom', () =>
      within(async ({ nodes, owners, other }) => {
        await owners.claim('files', 'a:1', 0)
        const second = { node: other.nodes.id, address: 'b:1', fence: 2 }
        assert.deepEqual(await other.owners.claim('files', 'b:1', 60_000), { ...second, lost: nodes.id })
        assert.deepEqual([...(await owners.renew(60_000))], [])
        await owners.release('files', 1)
        assert.deepEqual(await owners.claim('files', 'a:1', 60_000), { ...second, lost: null })
        assert.notEqual(nodes.id, other.nodes.id)
      }))

    test('who takes it over learns from whom, in whatever moment the lease ends', () =>
      within(async ({ nodes, owners, other }) => {
        for (let time = 0; time < 20; time++) {
          const pool = newId()
          await owners.claim(pool, 'a:1', 10)
          let claim = await other.owners.claim(pool, 'b:1', 60_000)
          while (claim.node !== other.nodes.id) claim = await other.owners.claim(pool, 'b:1', 60_000)
          assert.equal(claim.lost, nodes.id)
          assert.equal((await other.owners.claim(pool, 'b:1', 60_000)).lost, null)
        }
      }))

    test('who was late and was not missed goes on', () =>
      within(async ({ nodes, owners, other }) => {
        await owners.claim('files', 'a:1', 0)
        assert.deepEqual([...(await owners.renew(60_000))], [['files', 1]])
        assert.equal((await other.owners.claim('files', 'b:1', 60_000)).node, nodes.id)
      }))

    test('what is released is at once anybody else’s, and who comes back has a new fence', () =>
      within(async ({ nodes, owners, other }) => {
        await owners.claim('files', 'a:1', 60_000)
        await owners.release('files', 1)
        assert.deepEqual([...(await owners.renew(60_000))], [])
        assert.deepEqual(await owners.claim('files', 'a:1', 60_000), {
          node: nodes.id,
          address: 'a:1',
          fence: 2,
          lost: null,
        })
        await owners.release('files', 2)
        const { fence, lost } = await other.owners.claim('files', 'b:1', 60_000)
        assert.deepEqual([fence, lost], [3, null])
      }))

    test('of many who want it at once one gets it', () =>
      within(async ({ owners, other }) => {
        const pool = newId()
        const claims = Array.from({ length: 20 }, (_, index) =>
          (index % 2 === 0 ? owners : other.owners).claim(pool, 'x:1', 60_000),
        )
        const found = new Set((await Promise.all(claims)).map(({ node, fence }) => `${node} ${fence}`))
        assert.equal(found.size, 1)
      }))
  })
}
