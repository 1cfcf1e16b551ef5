import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { parse } from 'yaml'
import { loadConfig } from './index.ts'

// There is no engine here to try these in, so they are held against what they speak of.

const root = join(import.meta.dirname, '../../../..')
const read = (path: string) => readFileSync(join(root, path), 'utf8')
const manifest = JSON.parse(read('package.json')) as { readonly workspaces: readonly string[] }
const program = JSON.parse(read('apps/castellan/package.json')) as {
  readonly bin: { readonly castellan: string }
  readonly engines: { readonly node: string }
}
const byDefault = loadConfig({ flags: {}, variables: {}, file: null }).config

/** Instructions of the Dockerfile, by stage; the last is the image. */
const stages: { readonly word: string; readonly rest: string }[][] = []
for (const line of read('Dockerfile')
  .replace(/\\\n\s*/g, '')
  .split('\n')) {
  const [, word = '', rest = ''] = /^([A-Z]+) (.*)$/.exec(line) ?? []
  if (word === 'FROM') stages.push([])
  if (word !== '') stages.at(-1)!.push({ word, rest })
}
const image = stages.at(-1)!
const all = (word: string, stage = image) => stage.filter(each => each.word === word).map(({ rest }) => rest)

describe('the Dockerfile', () => {
  test('is of the Node that the program needs, and keeps no tools of ours', () => {
    for (const stage of stages) {
      const [, version] = /^node:(\d+)-slim/.exec(all('FROM', stage)[0]!) ?? []
      assert.equal(`>=${version}`, program.engines.node)
    }
    assert.ok(all('RUN').some(command => command.startsWith('npm ci --omit=dev')))
  })

  test('copies what there is, each part of the workspace, and what says whether the built form is of these sources', () => {
    for (const stage of stages) {
      for (const copied of all('COPY', stage)) {
        const sources = copied
          .replace(/^--from=\w+ /, '')
          .split(' ')
          .slice(0, -1)
        for (const source of sources) assert.ok(existsSync(join(root, source.replace('/app/', ''))), source)
      }
      for (const workspace of manifest.workspaces)
        assert.ok(
          all('COPY', stage).some(copied => copied.startsWith(`${workspace}/package.json `)),
          workspace,
        )
    }
    // The conditions of scripts/build.ts.
    assert.ok(all('COPY').some(copied => copied.includes('scripts/build.ts')))
    assert.ok(all('COPY').some(copied => copied.includes('package-lock.json')))
    const ignored = read('.dockerignore').split('\n')
    for (const path of ['**/node_modules', '**/dist', '**/.castellan']) assert.ok(ignored.includes(path), path)
  })

  test('runs the program as somebody without rights, with its signals, and asks it whether it is ready', () => {
    assert.equal(all('USER').at(-1), 'node')
    const entry = JSON.parse(all('ENTRYPOINT')[0]!) as string[]
    assert.equal(entry.at(-1), join('apps/castellan', program.bin.castellan))
    assert.deepEqual(JSON.parse(all('CMD').at(-1)!), ['up'])
    assert.equal(all('EXPOSE')[0], String(byDefault.port))
    assert.match(all('HEALTHCHECK')[0]!, new RegExp(`http://127\\.0\\.0\\.1:${byDefault.port}/ready`))
  })

  test('sets what is a setting, and holds no secret', () => {
    const variables = Object.fromEntries(all('ENV').map(set => set.split('=') as [string, string]))
    assert.equal(loadConfig({ flags: {}, variables, file: null }).config.data, '/data')
    assert.doesNotMatch(read('Dockerfile'), /password|token|secret=/i)
  })
})

interface Service {
  readonly image: string
  readonly hostname?: string
  readonly environment?: Readonly<Record<string, string>>
  readonly ports?: readonly string[]
  readonly volumes?: readonly string[]
  readonly depends_on?: Readonly<Record<string, object>>
  readonly healthcheck?: object
  readonly read_only?: boolean
  readonly command?: readonly string[]
  readonly stop_grace_period?: string
}

const given: Readonly<Record<string, string>> = { POSTGRES_PASSWORD: 'p4ssword', NATS_TOKEN: 't0ken' }
const compose = parse(
  read('compose.yaml').replace(/\$\{(\w+)(?::?([-?])([^}]*))?\}/g, (_, name: string, kind?: string, word?: string) => {
    const value = given[name] ?? (kind === '-' ? word : undefined)
    assert.ok(value !== undefined, `${name} is neither asked for nor has it a default`)
    return value
  }),
  { merge: true },
) as { readonly services: Readonly<Record<string, Service>>; readonly volumes: Readonly<Record<string, null>> }
const nodes = Object.entries(compose.services).filter(([, service]) => service.image === 'castellan')

describe('compose.yaml', () => {
  test('has two nodes that answer and two that work, each with settings that are valid together', () => {
    const roles = nodes.map(([name, { environment: variables = {}, hostname }]) => {
      const { config } = loadConfig({ flags: {}, variables, file: null })
      assert.equal(config.database, `postgres://castellan:${given['POSTGRES_PASSWORD']}@postgres:5432/castellan`)
      assert.equal(config.nats, `nats://${given['NATS_TOKEN']}@nats:4222`)
      // By which the others find it.
      assert.equal(hostname, name)
      assert.ok(config.allowedHosts.includes(name))
      assert.notEqual(config.cluster.port, 0)
      return config.role
    })
    assert.deepEqual(roles.toSorted(), ['api', 'api', 'worker', 'worker'])
  })

  test('lets in only who comes to a node that answers, by this machine', () => {
    for (const [name, { ports = [], environment }] of Object.entries(compose.services)) {
      for (const port of ports) assert.match(port, new RegExp(`^127\\.0\\.0\\.1:\\d+:${byDefault.port}$`))
      assert.equal(ports.length, environment?.['CASTELLAN_ROLE'] === 'api' ? 1 : 0, name)
    }
  })

  test('gives nodes time to stop, the key they share, and nothing to write on besides', () => {
    for (const [, { stop_grace_period: grace = '0s', volumes, read_only: readOnly }] of nodes) {
      assert.ok(Number.parseInt(grace) * 1_000 > byDefault.drainTimeout)
      assert.deepEqual(volumes, ['data:/data'])
      assert.equal(readOnly, true)
    }
  })

  test('names services and volumes that there are', () => {
    for (const [name, { depends_on: needs = {}, volumes = [] }] of Object.entries(compose.services)) {
      for (const other of Object.keys(needs)) assert.ok(other in compose.services, `${name} needs ${other}`)
      for (const volume of volumes) assert.ok(Object.hasOwn(compose.volumes, volume.split(':')[0]!), volume)
    }
  })

  test('holds no secret', () => {
    const set = [...read('compose.yaml').matchAll(/^ +\w*(?:PASSWORD|TOKEN|KEY)\w*: *(.*)$/gm)].map(
      ([, value]) => value!,
    )
    assert.ok(set.length > 0)
    for (const value of set) assert.match(value, /^\$\{\w+:\?.*\}$/)
    for (const [, credentials] of read('compose.yaml').matchAll(/:\/\/([^/\n]*)@/g))
      assert.match(credentials!, /^(castellan:)?\$\{\w+:\?.*\}$/)
  })
})
