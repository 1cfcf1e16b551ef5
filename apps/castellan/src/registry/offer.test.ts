import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { digestJson, type JsonObject } from '../kernel/index.ts'
import type { Capability, Catalog, Primitive } from './capability.ts'
import { emptyDiscovery } from './fixtures/discovery.ts'
import { aServer } from './fixtures/server.ts'
import type { Grant, Group } from './grant.ts'
import { offerForUri, offersFor, type View } from './offer.ts'
import type { Server } from './server.ts'

const member = { principal: principal('p1'), roles: ['member' as const] }

function principal(id: string) {
  return { id, kind: 'user' as const, name: id, memberships: [], external: null, version: 1 }
}

function capability(server: Server, primitive: Primitive, name: string, more: JsonObject = {}): Capability {
  const key = primitive === 'resource' ? 'uri' : primitive === 'template' ? 'uriTemplate' : 'name'
  const definition = { [key]: name, ...more }
  return { server: server.id, primitive, name, definition, digest: digestJson(definition), impliedEffect: null }
}

function catalog(server: Server, capabilities: readonly Capability[]): Catalog {
  return {
    ...emptyDiscovery,
    server: server.id,
    capabilities,
    discoveredAt: '2026-01-01T00:00:00.000Z',
  }
}

function grant(given: Partial<Grant> = {}): Grant {
  return {
    id: 'g',
    tenant: 'default',
    to: { role: 'member' },
    server: '*',
    primitive: 'tool',
    name: '*',
    asTool: false,
    version: 1,
    ...given,
  }
}

const files = aServer({ id: 'a', name: 'files' })
const notes = aServer({ id: 'b', name: 'notes' })
const catalogs = new Map([
  [
    'a',
    catalog(files, [
      capability(files, 'tool', 'read_file', { inputSchema: { type: 'object' }, 'x-vendor': { kept: true } }),
      capability(files, 'tool', 'write_file'),
      capability(files, 'resource', 'mem://readme'),
      capability(files, 'template', 'file:///{+path}'),
      capability(files, 'prompt', 'review', { arguments: [{ name: 'code', required: true }] }),
    ]),
  ],
  ['b', catalog(notes, [capability(notes, 'tool', 'add'), capability(notes, 'resource', 'mem://readme')])],
])

function offers(grants: readonly Grant[], view: View = { is: 'all' }, groups: readonly Group[] = []) {
  return offersFor(member, view, { servers: [files, notes], catalogs, grants, groups })
}

describe('what a principal sees', () => {
  test('is nothing without a grant', () => {
    assert.deepEqual(offers([]).list, { tool: [], resource: [], template: [], prompt: [] })
  })

  test('is what its role or it was granted, and nothing granted to others', () => {
    const seen = offers([
      grant({ server: 'files', name: 'read_*' }),
      grant({ server: 'notes', to: { principal: 'p2' } }),
      grant({ server: 'files', name: 'write_*', to: { role: 'admin' } }),
    ])
    assert.deepEqual(
      seen.list.tool.map(each => each.exposed),
      ['files__read_file'],
    )
  })

  test('comes in the order of names, whatever the order of servers', () => {
    const reversed = offersFor(
      member,
      { is: 'all' },
      { servers: [notes, files], catalogs, grants: [grant()], groups: [] },
    )
    assert.deepEqual(
      reversed.list.tool.map(each => each.exposed),
      offers([grant()]).list.tool.map(each => each.exposed),
    )
  })

  test('keeps every field of a definition', () => {
    const definition = offers([grant()]).find('tool', 'files__read_file')?.definition
    assert.deepEqual(definition, {
      name: 'files__read_file',
      inputSchema: { type: 'object' },
      'x-vendor': { kept: true },
    })
  })

  test('has original names on the endpoint of one server', () => {
    const seen = offers([grant()], { is: 'server', name: 'files' })
    assert.deepEqual(
      seen.list.tool.map(each => each.exposed),
      ['read_file', 'write_file'],
    )
    assert.equal(seen.find('tool', 'files__read_file'), undefined)
  })

  test('is only what belongs to the group on the endpoint of a group', () => {
    const group: Group = {
      id: 'x',
      tenant: 'default',
      name: 'office',
      description: '',
      members: [{ server: 'files', names: ['read_*'] }],
      version: 1,
    }
    const seen = offers([grant()], { is: 'group', name: 'office' }, [group])
    assert.deepEqual(
      seen.list.tool.map(each => each.exposed),
      ['files__read_file'],
    )
    assert.deepEqual(offers([grant()], { is: 'group', name: 'nothing' }, [group]).list.tool, [])
  })

  test('includes resources and prompts as tools where they are granted so', () => {
    const seen = offers([
      grant({ primitive: 'resource', name: 'file:*', asTool: true }),
      grant({ primitive: 'prompt', asTool: true }),
    ])
    const schemas = seen.list.tool.map(each => each.definition.inputSchema)
    assert.equal(seen.list.tool.length, 2)
    assert.deepEqual(schemas.map(schema => (schema as JsonObject).required).toSorted(), [['code'], ['uri']])
  })
})

describe('a resource', () => {
  const granted = [grant({ primitive: 'resource' })]

  test('that two servers offer is listed and found under a qualified URI of each, and not under its own', () => {
    const seen = offers(granted)
    const uris = seen.list.resource.map(each => each.definition.uri)
    assert.deepEqual(uris, ['castellan://files/mem%3A%2F%2Freadme', 'castellan://notes/mem%3A%2F%2Freadme'])
    assert.equal(offerForUri(seen, 'mem://readme'), undefined)
    assert.equal(offerForUri(seen, uris[1] as string)?.offer.server.name, 'notes')
    assert.equal(offerForUri(seen, uris[1] as string)?.uri, 'mem://readme')
  })

  test('that fits a template of one server is asked of that server', () => {
    assert.equal(offerForUri(offers(granted), 'file:///a/b.txt')?.offer.capability.name, 'file:///{+path}')
  })

  test('that nobody offers is not found', () => {
    assert.equal(offerForUri(offers(granted), 'http://elsewhere/'), undefined)
    assert.equal(offerForUri(offers(granted), 'castellan://nobody/x'), undefined)
    assert.equal(offerForUri(offers(granted), 'castellan://files/%zz'), undefined)
  })
})
