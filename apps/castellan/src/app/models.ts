import { access, constants } from 'node:fs/promises'
import type { ModelProviderConfig, ModelProviders, RemoteModels, SecretPlace } from '../config/index.ts'
import { isFault } from '../kernel/index.ts'
import type { SecretRef } from '../registry/index.ts'
import { ModelRouter, type ModelSource } from '../runs/index.ts'

type Resolve = (refs: Readonly<Record<string, SecretRef>>) => Promise<Readonly<Record<string, string>>>

/** The providers of the settings, none of which is loaded before it is asked: they come with libraries, and most processes ask none. */
export function models(providers: ModelProviders, resolve: Resolve): ModelRouter {
  const sources = Object.entries(providers).map(([name, config]): [string, ModelSource] => [
    name,
    sourceOf(name, config, resolve, () => router),
  ])
  const router = new ModelRouter(new Map(sources))
  return router
}

function sourceOf(name: string, config: ModelProviderConfig, resolve: Resolve, router: () => ModelRouter): ModelSource {
  switch (config.kind) {
    case 'scripted': {
      const load = async () => {
        const { readScript, scriptedModel } = await import('../adapters/model-scripted/index.ts')
        return scriptedModel(await readScript(config.script))
      }
      return { kind: config.kind, open: load, trouble: () => troubleOf(load()) }
    }
    case 'cassette':
      return {
        kind: config.kind,
        async open() {
          const { cassetteModel } = await import('../adapters/model-cassette/index.ts')
          return cassetteModel({
            file: config.file,
            record: config.mode === 'record' ? router().under(config.of) : null,
          })
        },
        trouble: () =>
          config.mode === 'record' ? Promise.resolve(null) : troubleOf(access(config.file, constants.R_OK)),
      }
    default:
      return remoteSource(name, config, resolve)
  }
}

function remoteSource(name: string, config: RemoteModels, resolve: Resolve): ModelSource {
  const { kind, baseUrl, apiKey, api, allowPrivate, timeout } = config
  const headers = () => headersOf(config.headers, resolve)
  const key = apiKey === null ? null : async () => (await resolve({ key: apiKey }))['key']!
  return {
    kind,
    async open() {
      const { aiSdkModel } = await import('../adapters/model-ai-sdk/index.ts')
      const dialect = kind === 'openai' ? (`openai-${api}` as const) : kind === 'anthropic' ? kind : 'compatible'
      return aiSdkModel({ name, dialect, baseUrl, apiKey: key, headers, allowPrivate, silence: timeout })
    },
    trouble: () => troubleOf(Promise.all([key?.(), headers()])),
  }
}

async function headersOf(
  headers: Readonly<Record<string, string | SecretPlace>>,
  resolve: Resolve,
): Promise<Record<string, string>> {
  const sent: Record<string, string> = {}
  for (const [name, value] of Object.entries(headers))
    sent[name] = typeof value === 'string' ? value : (await resolve({ [name]: value }))[name]!
  return sent
}

/** What went wrong, without the names of secrets: tenants see it who have nothing to do with them. */
async function troubleOf(looking: Promise<unknown>): Promise<string | null> {
  try {
    await looking
    return null
  } catch (error) {
    if (isFault(error, 'SECRET_UNREADABLE')) return `a secret it needs cannot be read: ${String(error.details['why'])}`
    if (isFault(error)) return String(error.details['why'])
    return `its file cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unknown error'})`
  }
}
