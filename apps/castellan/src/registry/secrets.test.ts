import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { environmentSource } from '../adapters/secrets-local/index.ts'
import { Masker } from './masker.ts'
import type { SealedSecret } from './registry-store.ts'
import { resolveSecrets, type SecretSources } from './secrets.ts'

const sealed = (tenant: string, name: string, plaintext: string): SealedSecret => ({
  tenant,
  name,
  keyId: 'k',
  nonce: new Uint8Array(),
  wrapped: null,
  ciphertext: Buffer.from(plaintext),
})

function sources(
  stored: readonly SealedSecret[],
  change: Partial<SecretSources> = {},
): SecretSources & { masker: Masker } {
  return {
    secret: async (tenant, name) => stored.find(each => each.tenant === tenant && each.name === name),
    vault: { open: secret => Buffer.from(secret.ciphertext).toString() },
    places: { env: environmentSource(name => ({ API_TOKEN: 'token-from-environment', EMPTY: '' })[name]) },
    masker: new Masker(),
    ...change,
  } as SecretSources & { masker: Masker }
}

describe('secret references', () => {
  test('each becomes its value under the same key, from the store or the environment', async () => {
    const from = sources([sealed('acme', 's1/env/PASSWORD', 'correct horse')])
    const refs = { PASSWORD: { secret: 's1/env/PASSWORD' }, TOKEN: { env: 'API_TOKEN' }, NONE: { env: 'EMPTY' } }
    assert.deepEqual(await resolveSecrets('acme', refs, from), {
      PASSWORD: 'correct horse',
      TOKEN: 'token-from-environment',
      NONE: '',
    })
  })

  test('whatever was resolved is masked from then on', async () => {
    const from = sources([sealed('acme', 'p', 'correct horse')])
    await resolveSecrets('acme', { A: { secret: 'p' }, B: { env: 'API_TOKEN' } }, from)
    assert.equal(from.masker.mask('pw=correct horse t=token-from-environment'), 'pw=[redacted] t=[redacted]')
  })

  test('what cannot be had is named', async () => {
    const from = sources([])
    const missing = resolveSecrets('acme', { A: { env: 'NOT_SET' } }, from)
    await assert.rejects(missing, { code: 'SECRET_UNREADABLE', message: /"NOT_SET".*set it and restart/ })
    const gone = resolveSecrets('acme', { A: { secret: 's1/env/A' } }, from)
    await assert.rejects(gone, { code: 'SECRET_UNREADABLE', message: /"s1\/env\/A".*not stored/ })
  })

  test("the authorization of a server is nobody's to refer to", async () => {
    const from = sources([sealed('acme', 's1/authorization', '{"tokens":{}}')])
    const stolen = resolveSecrets('acme', { A: { secret: 's1/authorization' } }, from)
    await assert.rejects(stolen, { code: 'SECRET_UNREADABLE', message: /authorization of a server/ })
  })

  test('the secret of another tenant is not stored here, and a store that mixes them up is not believed', async () => {
    const theirs = sealed('globex', 'p', 'correct horse')
    const refs = { A: { secret: 'p' } }
    await assert.rejects(resolveSecrets('acme', refs, sources([theirs])), { message: /not stored/ })
    const mixedUp = sources([], { secret: async () => theirs })
    await assert.rejects(resolveSecrets('acme', refs, mixedUp), { message: /another secret/ })
  })

  test('the environment is asked on behalf of the tenant', async () => {
    const from = sources([], {
      places: { env: environmentSource((name, tenant) => (tenant === 'default' ? `${name}-value` : undefined)) },
    })
    assert.deepEqual(await resolveSecrets('default', { A: { env: 'X' } }, from), { A: 'X-value' })
    await assert.rejects(resolveSecrets('acme', { A: { env: 'X' } }, from), { code: 'SECRET_UNREADABLE' })
  })

  test('files and vaults are asked by name, and where there is none the reference leads nowhere', async () => {
    const read = async (tenant: string, name: string) => `${tenant} ${name}`
    const refs = { A: { file: 'db/password' }, B: { vault: 'db', field: 'password' } }
    const from = sources([], { places: { file: { read }, vault: { read } } })
    assert.deepEqual(await resolveSecrets('acme', refs, from), { A: 'acme db/password', B: 'acme db#password' })
    assert.equal(from.masker.mask('acme db#password'), '[redacted]')
    for (const [key, why] of [
      ['A', /secrets\.files/],
      ['B', /secrets\.vault\.url/],
    ] as const) {
      await assert.rejects(resolveSecrets('acme', { [key]: refs[key] }, sources([])), why)
    }
  })
})
