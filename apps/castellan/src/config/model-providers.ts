import { z } from 'zod'
import { parseDuration } from '../kernel/index.ts'
import { isPath, isPublicUrl } from './addresses.ts'
import { inParts, type Kind } from './kinds.ts'

/** Where a secret is: a variable of this process, a stored secret of the first tenant, a file below `secrets.files`, or a vault. */
export type SecretPlace =
  | { readonly env: string }
  | { readonly secret: string }
  | { readonly file: string }
  | { readonly vault: string; readonly field: string }

/** A provider that is asked over HTTP. */
export interface RemoteModels {
  readonly kind: 'openai' | 'anthropic' | 'openai-compatible'
  readonly baseUrl: string
  /** null for one that wants none. */
  readonly apiKey: SecretPlace | null
  /** How OpenAI is spoken to. */
  readonly api: 'responses' | 'chat'
  /** What else to send: texts, or where they are. */
  readonly headers: Readonly<Record<string, string | SecretPlace>>
  readonly allowPrivate: boolean
  /** Milliseconds it may be silent. */
  readonly timeout: number
}

export type ModelProviderConfig =
  | RemoteModels
  | { readonly kind: 'scripted'; readonly script: string }
  | { readonly kind: 'cassette'; readonly file: string; readonly mode: 'replay' }
  | { readonly kind: 'cassette'; readonly file: string; readonly mode: 'record'; readonly of: string }

export type ModelProviders = Readonly<Record<string, ModelProviderConfig>>

const path = z.string().min(1).refine(isPath, 'must be a path')
const url = z
  .string()
  .refine(isPublicUrl, 'must be an http or https URL without credentials, query or fragment')
  .transform(value => value.replace(/\/+$/, ''))
const PLACE = /^(?:(env):([A-Za-z_][A-Za-z0-9_]{0,99})|(secret|file):([A-Za-z0-9_][A-Za-z0-9._/-]{0,299})|(vault):([^#]{1,400})#([A-Za-z0-9_][A-Za-z0-9._-]{0,99}))$/ // prettier-ignore
const place = z.string().regex(PLACE, 'must be env:NAME, secret:NAME, file:NAME or vault:PATH#FIELD').transform(placeOf)
const header = z.string().transform(value => (PLACE.test(value) ? placeOf(value) : value))
const remote = {
  headers: z
    .record(z.string().regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,64}$/, 'must be the name of a header'), header)
    .default({}),
  allow_private: z.boolean().default(false),
  timeout: z
    .string()
    .regex(/^\d{1,7}(ms|s|m|h)$/, 'must be a duration such as 30s or 10m')
    .transform(parseDuration)
    .pipe(z.int().min(1_000, 'must be at least 1s').max(3_600_000, 'must be at most 1h'))
    .default(300_000),
}

const provider = z.discriminatedUnion('kind', [
  z
    .strictObject({
      kind: z.literal('openai'),
      base_url: url.default('https://api.openai.com/v1'),
      api_key: place,
      api: z.enum(['responses', 'chat']).default('responses'),
      ...remote,
    })
    .transform(remoteOf),
  z
    .strictObject({
      kind: z.literal('anthropic'),
      base_url: url.default('https://api.anthropic.com/v1'),
      api_key: place,
      ...remote,
    })
    .transform(remoteOf),
  z
    .strictObject({
      kind: z.literal('openai-compatible'),
      base_url: url,
      api_key: place.nullable().default(null),
      ...remote,
    })
    .transform(remoteOf),
  z.strictObject({ kind: z.literal('scripted'), script: path }),
  z.discriminatedUnion('mode', [
    z.strictObject({ kind: z.literal('cassette'), file: path, mode: z.literal('replay') }),
    z.strictObject({ kind: z.literal('cassette'), file: path, mode: z.literal('record'), of: z.string() }),
  ]),
])

const providers = z
  .record(
    z.string().regex(/^[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?$/, 'must be named by 1 to 32 of a-z, 0-9 and inner hyphens'),
    provider,
  )
  .superRefine((named, issues) => {
    for (const [name, each] of Object.entries(named)) {
      if (each.kind !== 'cassette' || each.mode !== 'record') continue
      const recorded = Object.hasOwn(named, each.of) ? named[each.of] : undefined
      if (recorded !== undefined && recorded.kind !== 'cassette') continue
      const message = 'must name another provider of these that is no cassette'
      issues.addIssue({ code: 'custom', path: [name, 'of'], message })
    }
  })

/** Providers of models by name. */
export function modelProviders(): Kind<ModelProviders> {
  return inParts(providers, 'a mapping of names to providers', shown)
}

function remoteOf(given: {
  readonly kind: RemoteModels['kind']
  readonly base_url: string
  readonly api_key: SecretPlace | null
  readonly api?: RemoteModels['api']
  readonly headers: RemoteModels['headers']
  readonly allow_private: boolean
  readonly timeout: number
}): RemoteModels {
  const {
    kind,
    base_url: baseUrl,
    api_key: apiKey,
    api = 'chat',
    headers,
    allow_private: allowPrivate,
    timeout,
  } = given
  return { kind, baseUrl, apiKey, api, headers, allowPrivate, timeout }
}

function placeOf(written: string): SecretPlace {
  const [, env, variable = '', kind, name = '', , vault = '', field = ''] = PLACE.exec(written) ?? []
  if (env !== undefined) return { env: variable }
  if (kind === 'file') return { file: name }
  return kind === 'secret' ? { secret: name } : { vault, field }
}

/** Without what headers hold. */
function shown(named: ModelProviders): string {
  const each = Object.entries(named).map(([name, one]) => `${name} (${one.kind}, ${placed(one)})`)
  return each.length === 0 ? 'none' : each.join(', ')
}

function placed(one: ModelProviderConfig): string {
  switch (one.kind) {
    case 'scripted':
      return one.script
    case 'cassette':
      return one.mode === 'replay' ? `replays ${one.file}` : `records ${one.of} to ${one.file}`
    default:
      return `${one.baseUrl}, ${one.apiKey === null ? 'no key' : `key ${Object.entries(one.apiKey).flat().join(' ')}`}`
  }
}
