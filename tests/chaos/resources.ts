import type { Rest } from '../support/rest.ts'

/** A kind of resource as the storm writes it: each resource has a name and one value, as text. */
export interface Kind {
  readonly name: string
  /** How many of them there are at most. */
  readonly most: number
  /** What to ask for to come from one value to another; null is absence. Undefined when there is no such way. */
  ask(name: string, from: string | null, wish: string | null): Write | undefined
  /** Names and values of all there are now. */
  all(rest: Rest): Promise<ReadonlyMap<string, string>>
  /** What is wrong with how they behave, besides what they are. */
  behaves?(rest: Rest, there: ReadonlyMap<string, string>): Promise<string[]>
}

export interface Write {
  readonly method: 'POST' | 'PUT' | 'DELETE'
  readonly path: string
  readonly body?: unknown
  readonly becomes: string | null
  done?(body: Readonly<Record<string, unknown>>): void
}

/** Every kind that is written; `admin` is the id of a principal that exists. */
export async function kindsFor(rest: Rest): Promise<readonly Kind[]> {
  const [admin] = await rest.all<{ id: string }>('/api/principals')
  const { files } = await rest.must<{ files: Record<string, string> }>('GET', '/api/policies')
  return [limits, groups, grants(), keys(admin!.id), policies(files)]
}

/** Steps that no session ever takes. */
const PLENTY = 100_000

const limits: Kind = {
  name: 'limits',
  most: 12,
  ask: (name, _from, wish) => ({
    ...changed(`/api/limits/${name}`, wish),
    ...(wish === null ? {} : { body: { to: 'everyone', max_steps: PLENTY + Number(wish) } }),
  }),
  async all(rest) {
    const all = await rest.all<{ name: string; max_steps: number }>('/api/limits')
    return new Map(all.map(each => [each.name, String(each.max_steps - PLENTY)]))
  },
}

const groups: Kind = {
  name: 'group',
  most: 12,
  ask: (name, _from, wish) => ({
    ...changed(`/api/groups/${name}`, wish),
    ...(wish === null ? {} : { body: { description: wish, members: [] } }),
  }),
  async all(rest) {
    const all = await rest.all<{ name: string; description: string }>('/api/groups')
    return new Map(all.map(each => [each.name, each.description]))
  },
}

/** Made and removed, never changed. */
function grants(): Kind {
  const ids = new Map<string, string>()
  return {
    name: 'grant',
    most: 24,
    ask(name, from, wish) {
      if (from === null) {
        const body = { to: { role: 'member' }, server: 'nowhere', primitive_type: 'tool', name: `${name}/x` }
        return {
          method: 'POST',
          path: '/api/grants',
          body,
          becomes: 'granted',
          done: ({ id }) => ids.set(name, String(id)),
        }
      }
      return wish === null ? { method: 'DELETE', path: `/api/grants/${ids.get(name)}`, becomes: null } : undefined
    },
    async all(rest) {
      const all = await rest.all<{ id: string; name: string }>('/api/grants')
      const ours = all.filter(({ name }) => name.endsWith('/x'))
      for (const { id, name } of ours) ids.set(name.slice(0, -2), id)
      return new Map(ours.map(({ name }) => [name.slice(0, -2), 'granted']))
    },
  }
}

/** Made and then revoked; a key that was acknowledged must open, and one whose end was acknowledged must not. */
function keys(principal: string): Kind {
  const made = new Map<string, { readonly id: string; readonly plaintext: string }>()
  return {
    name: 'key',
    most: 100_000,
    ask(name, from) {
      if (from === null) {
        const body = { principal, name, scopes: ['read'] }
        const done: Write['done'] = ({ id, plaintext }) =>
          made.set(name, { id: String(id), plaintext: String(plaintext) })
        return { method: 'POST', path: '/api/keys', body, becomes: 'live', done }
      }
      const key = made.get(name)
      if (from !== 'live' || key === undefined) return undefined
      return { method: 'DELETE', path: `/api/keys/${key.id}`, becomes: 'revoked' }
    },
    async all(rest) {
      const all = await rest.all<{ name: string; revoked_at: string | null }>('/api/keys')
      return new Map(all.map(each => [each.name, each.revoked_at === null ? 'live' : 'revoked']))
    },
    async behaves(rest, there) {
      const wrong: string[] = []
      for (const [name, { plaintext }] of [...made].slice(-6)) {
        const { status } = await rest.ask('GET', '/api/groups', { key: plaintext })
        const expected = there.get(name) === 'live' ? 200 : 401
        if (status !== expected) wrong.push(`${name} is ${there.get(name)} and was answered with ${status}`)
      }
      return wrong
    },
  }
}

/** One more file in the policy set; it says nothing but a number. */
function policies(starter: Readonly<Record<string, string>>): Kind {
  return {
    name: 'policies',
    most: 1,
    ask(_name, _from, wish) {
      const more = wish === null ? {} : { 'number.cedar': `// ${wish}\n` }
      return { method: 'PUT', path: '/api/policies', body: { files: { ...starter, ...more } }, becomes: wish }
    },
    async all(rest) {
      const { files } = await rest.must<{ files: Record<string, string> }>('GET', '/api/policies')
      const number = files['number.cedar']
      return new Map(number === undefined ? [] : [['policies-1', number.slice(3, -1)]])
    },
  }
}

function changed(path: string, wish: string | null): Write {
  return { method: wish === null ? 'DELETE' : 'PUT', path, becomes: wish }
}
