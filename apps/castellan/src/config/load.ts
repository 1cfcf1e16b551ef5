import type { z } from 'zod'
import { fault, isLoopback } from '../kernel/index.ts'
import { type Config, configOf } from './config.ts'
import { didYouMean } from './did-you-mean.ts'
import { otherVariables, type Variables } from './environment.ts'
import { readSettingsFile } from './file.ts'
import { flagOf, type Path, paths, type Setting, settings, type Values, variableOf } from './settings.ts'

/** Where a value comes from. */
export type Source =
  { readonly is: 'flag' | 'environment' | 'file'; readonly name: string } | { readonly is: 'default' }

/** A configuration that still knows where each value comes from. */
export interface LoadedConfig {
  readonly config: Config
  readonly values: Values
  readonly sources: Readonly<Record<Path, Source>>
}

export interface ConfigInputs {
  /** Options as the command line gives them, in camel case; those that are no settings are somebody else's. */
  readonly flags: Readonly<Record<string, unknown>>
  readonly variables: Variables
  /** Path of a YAML file with a `settings` section; null means the one that `CASTELLAN_CONFIG` names, if any. */
  readonly file: string | null
}

/**
 * The configuration: flags before environment before file before defaults.
 * Throws `CONFIG_INVALID` for a file that cannot be read, for unknown settings and variables, and for values that are wrong
 * in themselves or together; it names the place, never a value that may be secret.
 */
export function loadConfig({ flags, variables, file: chosen }: ConfigInputs): LoadedConfig {
  checkVariables(variables)
  const file = chosen ?? (variables['CASTELLAN_CONFIG'] || null)
  const fromFile = file === null ? new Map<Path, unknown>() : readSettingsFile(file)
  const values: Partial<Record<Path, unknown>> = {}
  const sources = {} as Record<Path, Source>
  for (const path of paths) {
    const [source, given] = pick(path, flags, variables, fromFile, file)
    sources[path] = source
    values[path] = source.is === 'default' ? settings[path].fallback : read(path, source.name, given)
  }
  const complete = values as unknown as Values
  checkTogether(complete)
  return { config: configOf(complete), values: complete, sources }
}

function pick(
  path: Path,
  flags: ConfigInputs['flags'],
  variables: Variables,
  fromFile: ReadonlyMap<Path, unknown>,
  file: string | null,
): readonly [Source, unknown] {
  const option = optionOf(path)
  if (flags[option] !== undefined) return [{ is: 'flag', name: flagOf(path) }, flags[option]]
  const variable = variableOf(path)
  // An empty variable counts as absent: it is how one is switched off where variables cannot be removed.
  if (variables[variable]) return [{ is: 'environment', name: variable }, variables[variable]]
  if (fromFile.has(path)) return [{ is: 'file', name: `settings.${path} in ${file}` }, fromFile.get(path)]
  return [{ is: 'default' }, undefined]
}

function read(path: Path, place: string, given: unknown): unknown {
  const { schema, expects, secret, hasParts } = settings[path] as unknown as Setting<unknown>
  const result = schema.safeParse(given)
  if (result.success) return result.data
  if (hasParts) throw invalid(`${place} must be ${expects}${partOf(result.error)}`)
  throw invalid(`${place} must be ${expects}${secret ? '' : `, not ${shortened(given)}`}`)
}

function checkVariables(variables: Variables): void {
  const known = [...paths.map(variableOf), ...otherVariables]
  for (const name of Object.keys(variables)) {
    if (!name.startsWith('CASTELLAN_') || known.includes(name) || !variables[name]) continue
    throw invalid(`the environment variable ${name} is unknown${didYouMean(name, known)}`)
  }
}

/** What no single setting can say. */
function checkTogether(values: Values): void {
  if (!isLoopback(values.host) && values.allowed_hosts.length === 0) {
    throw invalid(
      `listening on ${values.host} lets other machines in; say in allowed_hosts under which host names, or keep host at 127.0.0.1`,
    )
  }
  checkNodes(values)
  const oidc = paths.filter(path => path.startsWith('oidc.') && values[path] !== settings[path].fallback)
  if (oidc.length > 0 && (values['oidc.issuer'] === null || values['oidc.audience'] === null)) {
    throw invalid(`${oidc.join(', ')} needs both oidc.issuer and oidc.audience`)
  }
  const vault = paths.filter(path => path.startsWith('secrets.vault.') && values[path] !== settings[path].fallback)
  if (vault.length > 0 && (values['secrets.vault.url'] === null || values['secrets.vault.token'] === null))
    throw invalid(`${vault.join(', ')} needs both secrets.vault.url and secrets.vault.token`)
  checkEngines(values)
  checkProviders(values)
}

/** What makes sense only with others beside us. */
function checkNodes(values: Values): void {
  if (values.database !== null) {
    if (values.role === 'worker' && values.public_url === null)
      throw invalid('the role worker needs public_url, since what it tells others leads back to those who answer')
    return
  }
  if (values.role !== 'both')
    throw invalid(
      `the role ${values.role} needs a database; the embedded store is for one process that does everything`,
    )
  const idle = (['nats', 'cluster.listen', 'cluster.address'] as const).filter(
    path => values[path] !== settings[path].fallback,
  )
  if (idle.length > 0) throw invalid(`${idle.join(', ')} needs a database that others share`)
}

/** A setting of an engine that nobody asks would look as if it did something. */
function checkEngines(values: Values): void {
  const engines = values['policy.engines']
  if (engines.length === 0) throw invalid('policy.engines names nobody, so that everything would be denied')
  for (const [engine, prefix, needed] of [
    ['opa', 'policy.opa.', 'policy.opa.url'],
    ['opa-wasm', 'policy.opa_wasm.', 'policy.opa_wasm.bundle'],
  ] as const) {
    if (engines.includes(engine)) {
      if (values[needed] === null) throw invalid(`the engine ${engine} in policy.engines needs ${needed}`)
      continue
    }
    const idle = paths.filter(path => path.startsWith(prefix) && values[path] !== settings[path].fallback)
    if (idle.length > 0) throw invalid(`${idle.join(', ')} needs the engine ${engine} in policy.engines`)
  }
  if ((values['policy.opa.cert'] === null) !== (values['policy.opa.key'] === null))
    throw invalid('policy.opa.cert and policy.opa.key need each other')
}

/** The first part that is wrong and what is wrong with it, without what was given. */
function partOf({ issues }: z.ZodError): string {
  const [issue] = issues
  if (!issue) return ''
  const within = issue.code === 'invalid_key' ? (issue.issues[0] ?? issue) : issue
  const path = issue.path.map(String).join('.')
  return `; ${path === '' ? '' : `${path}: `}${within.message}`
}

function checkProviders(values: Values): void {
  for (const [name, provider] of Object.entries(values['guardrails.providers']))
    if (provider.kind === 'http' && provider.dialect === 'openai' && provider.model === null)
      throw invalid(`guardrails.providers.${name} needs model, since its dialect is openai`)
}

function shortened(given: unknown): string {
  const written = JSON.stringify(given) ?? typeof given
  return written.length > 80 ? `${written.slice(0, 80)}…` : written
}

/** The name under which a command line parser gives an option. */
function optionOf(path: Path): string {
  return path.replaceAll(/[._](\w)/g, (_, letter: string) => letter.toUpperCase())
}

function invalid(why: string) {
  return fault('CONFIG_INVALID', { why })
}
