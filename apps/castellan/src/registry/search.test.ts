import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Identity } from '../identity/index.ts'
import { digestJson } from '../kernel/index.ts'
import type { Capability, Catalog } from './capability.ts'
import { emptyDiscovery } from './fixtures/discovery.ts'
import { aServer } from './fixtures/server.ts'
import type { Grant, Group } from './grant.ts'
import { type Offers, offersFor, type View } from './offer.ts'
import { ToolSearch } from './search.ts'
import { Reading } from './search/reading.ts'
import type { Server } from './server.ts'

const ann: Identity = {
  principal: { id: 'p1', kind: 'user', name: 'ann', memberships: [], external: null, version: 1 },
  tenant: 'default',
  roles: ['member'],
  scopes: ['mcp'],
  keyId: null,
  expiresAt: null,
}
const files = aServer({ id: 'a', name: 'files' })
const notes = aServer({ id: 'b', name: 'notes' })
const everywhere: View = { is: 'all' }

describe('a search', () => {
  test('finds what is granted, the best first', async () => {
    const house = new House({ files: ['read_file', 'read_file_lines', 'delete_file'], notes: ['read_note'] })
    assert.deepEqual(await house.find('read file'), [
      'files__read_file',
      'files__read_file_lines',
      'files__delete_file',
      'notes__read_note',
    ])
    assert.deepEqual(await house.find('zebra'), [])
  })

  test('answers in the order of names where nothing is better', async () => {
    const house = new House({ files: ['c_file', 'a_file', 'b_file'] })
    assert.deepEqual(await house.find('file'), ['files__a_file', 'files__b_file', 'files__c_file'])
  })

  test('finds nothing that is not granted, and scores as if it were not there', async () => {
    const all = new House({ files: ['read_file'], notes: ['read_payroll', 'payroll_read_all', 'file_payroll'] })
    all.grants = [granted('files')]
    const alone = new House({ files: ['read_file'] })
    await all.find('read', everywhere)
    for (const words of ['payroll', 'read', 'file', 'read payroll', 'pay']) {
      assert.deepEqual(await all.scored(words), await alone.scored(words))
    }
  })

  test('looks at the endpoint that was asked, under the names it has there', async () => {
    const house = new House({ files: ['read_file', 'write_file'], notes: ['read_note'] })
    house.groups = [
      {
        id: 'g',
        tenant: 'default',
        name: 'office',
        description: '',
        members: [{ server: 'notes', names: ['*'] }],
        version: 1,
      },
    ]
    assert.deepEqual(await house.find('read', { is: 'server', name: 'files' }), ['read_file'])
    assert.deepEqual(await house.find('read', { is: 'group', name: 'office' }), ['notes__read_note'])
    assert.deepEqual(await house.find('read', { is: 'server', name: 'nobody' }), [])
  })

  test('is kept to servers that fit a pattern without counting differently', async () => {
    const house = new House({ files: ['read_file'], notes: ['read_note'] })
    const [first, second] = await house.scored('read')
    assert.deepEqual(
      await house.scored('read', 'no*'),
      [first, second].filter(each => each?.[0] === 'notes__read_note'),
    )
  })

  test('tells servers of alike tools apart by their names', async () => {
    const house = new House({ files: ['search'], notes: ['search'] })
    assert.equal((await house.find('search notes'))[0], 'notes__search')
    assert.equal((await house.find('files search'))[0], 'files__search')
  })

  test('lets others have their turn while it reads many tools', async () => {
    const house = new House({ files: Array.from({ length: 3_000 }, (_, index) => `tool_${index}`) })
    let turns = 0
    let searching = true
    const taking = () => {
      if (!searching) return
      turns++
      setImmediate(taking)
    }
    setImmediate(taking)
    assert.deepEqual(await house.find('tool 2999', everywhere, 3), [
      'files__tool_2999',
      'files__tool_0',
      'files__tool_1',
    ])
    searching = false
    assert.ok(turns >= 3, `${turns} turns`)
  })

  test('shows nothing on the strength of a grant that went while it was reading', async () => {
    const house = new House({ files: Array.from({ length: 3_000 }, (_, index) => `tool_${index}`), notes: ['tool'] })
    const finding = house.find('tool')
    house.grants = [granted('notes')]
    assert.deepEqual(await finding, ['notes__tool'])
  })

  test('finds what is new and not what is gone, when a catalogue changed', async () => {
    const house = new House({ files: ['read_file', 'write_file'] })
    await house.find('file')
    house.tools = { files: ['read_file', 'rename_file'] }
    assert.deepEqual(await house.find('rename write file', everywhere, 1), ['files__rename_file'])
    assert.deepEqual(await house.find('write'), [])
  })

  test('goes on when definitions have come and gone many times over', async () => {
    const house = new House({ files: ['read_file'] })
    for (let round = 0; round < 5; round++) {
      house.tools = { files: Array.from({ length: 600 }, (_, index) => `tool_${round}_${index}`) }
      assert.equal((await house.find(`tool ${round} 599`))[0], `files__tool_${round}_599`)
    }
  })
})

test('a definition is read once, for whomever and however often it is asked for', () => {
  const house = new House({ files: ['read_file', 'write_file'], notes: ['add'] })
  const reading = new Reading()
  assert.ok(reading.readOn(house.offers(everywhere)))
  assert.ok(reading.readOn(house.offers({ is: 'server', name: 'files' })))
  assert.equal(reading.size, 3)
  house.tools = { files: ['read_file', 'rename_file'], notes: ['add'] }
  assert.ok(reading.readOn(house.offers(everywhere)))
  assert.equal(reading.size, 4)
})

/** What a registry would offer, of tools by server. */
class House {
  tools: Readonly<Record<string, readonly string[]>>
  grants: readonly Grant[] = [granted('*')]
  groups: readonly Group[] = []
  readonly #search = new ToolSearch({
    offers: (_, view) => this.offers(view),
    capabilities: () => Object.values(this.tools).flat().length,
  })

  constructor(tools: Readonly<Record<string, readonly string[]>>) {
    this.tools = tools
  }

  offers(view: View): Offers {
    const servers = [files, notes]
    const catalogs = new Map(servers.map(server => [server.id, catalog(server, this.tools[server.name] ?? [])]))
    return offersFor(ann, view, { servers, catalogs, grants: this.grants, groups: this.groups })
  }

  async find(words: string, view = everywhere, limit = 10): Promise<string[]> {
    return (await this.#search.find(ann, view, { words, limit })).map(({ offer }) => offer.exposed)
  }

  async scored(words: string, server?: string): Promise<(readonly [string, number])[]> {
    const found = await this.#search.find(ann, everywhere, { words, limit: 10, server })
    return found.map(({ offer, score }) => [offer.exposed, score] as const)
  }
}

function catalog(server: Server, names: readonly string[]): Catalog {
  const capabilities = names.map((name): Capability => {
    const definition = { name, description: 'Works on what it is given.', inputSchema: { type: 'object' } }
    return {
      server: server.id,
      primitive: 'tool',
      name,
      definition,
      digest: digestJson(definition),
      impliedEffect: null,
    }
  })
  return { ...emptyDiscovery, server: server.id, capabilities, discoveredAt: '2026-01-01T00:00:00.000Z' }
}

function granted(server: string): Grant {
  return {
    id: 'g',
    tenant: 'default',
    to: { role: 'member' },
    server,
    primitive: 'tool',
    name: '*',
    asTool: false,
    version: 1,
  }
}
