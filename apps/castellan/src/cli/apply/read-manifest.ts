import { readdir, readFile } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { manifest, type ManifestInput } from '@castellan/contracts'
import { parseDocument } from 'yaml'
import { fault, isJsonObject, type JsonObject, type JsonValue } from '../../kernel/index.ts'

/**
 * Reads a file for `castellan apply`. Two things are more than the API takes: `${env:NAME}` as the whole value of a header, an
 * environment variable or a client secret is a reference to a variable of the control plane, `policies: <folder>` stands for the
 * `*.cedar` files there, and `file: <file>` of a workflow for what is written in it. Settings of the process are left out. Throws
 * `REQUEST_INVALID` with the place, never with a value.
 */
export async function readManifest(file: string): Promise<ManifestInput> {
  const { settings: _, ...document } = parse(file, await readFile(file, 'utf8'))
  const policies = typeof document.policies === 'string' ? await policiesIn(file, document.policies) : document.policies
  const servers = Array.isArray(document.servers)
    ? document.servers.map((server, index) => withReferences(file, `servers.${index}`, server))
    : document.servers
  const workflows = Array.isArray(document.workflows)
    ? await Promise.all(document.workflows.map((each, index) => withText(file, `workflows.${index}`, each)))
    : document.workflows
  const read = {
    ...document,
    ...(servers === undefined ? {} : { servers }),
    ...(policies === undefined ? {} : { policies }),
    ...(workflows === undefined ? {} : { workflows }),
  }
  const checked = manifest.safeParse(read)
  if (!checked.success) {
    const [first] = checked.error.issues
    throw invalid(file, `${first?.path.join('.') || 'the file'}: ${first?.message ?? 'not understood'}`)
  }
  // As it was written, since what was left out is for the control plane to fill in.
  return read as unknown as ManifestInput
}

function parse(file: string, text: string): JsonObject {
  const document = parseDocument(text, { prettyErrors: true, uniqueKeys: true })
  const [problem] = [...document.errors, ...document.warnings]
  // Not the parser's own message: it quotes the line, which may hold a secret.
  if (problem) throw invalid(file, `line ${problem.linePos?.[0].line ?? '?'} is not valid YAML (${problem.code})`)
  let value: unknown
  try {
    value = document.toJS({ maxAliasCount: 100 })
  } catch (cause) {
    throw invalid(file, 'its aliases cannot be resolved', cause)
  }
  if (isJsonObject(value)) return value
  throw invalid(file, 'it must be a mapping with sections such as "servers" and "grants"')
}

function withReferences(file: string, place: string, server: JsonValue): JsonValue {
  if (!isJsonObject(server)) return server
  const read: Record<string, JsonValue> = { ...server }
  for (const field of ['env', 'headers'] as const) {
    const secrets = server[field]
    if (!isJsonObject(secrets)) continue
    read[field] = Object.fromEntries(
      Object.entries(secrets).map(([name, value]) => [name, referenceIn(file, `${place}.${field}.${name}`, value)]),
    )
  }
  const { auth } = server
  if (isJsonObject(auth) && auth.client_secret !== undefined) {
    const secret = referenceIn(file, `${place}.auth.client_secret`, auth.client_secret)
    read.auth = { ...auth, client_secret: secret }
  }
  return read
}

function referenceIn(file: string, place: string, value: JsonValue): JsonValue {
  if (typeof value !== 'string') return value
  const whole = /^\$\{env:([A-Za-z_][A-Za-z0-9_]*)\}$/.exec(value)
  if (whole) return { env: whole[1]! }
  // Sealing the text as it stands would send the braces to the server.
  if (value.includes('${env:')) {
    throw invalid(file, `${place} holds a reference among other text; let the variable hold the whole value`)
  }
  return value
}

async function policiesIn(file: string, folder: string): Promise<JsonObject> {
  const path = resolve(dirname(file), folder)
  const names = await readdir(path).catch((cause: unknown) => {
    throw invalid(file, `policies: the folder "${folder}" cannot be read`, cause)
  })
  const wanted = names.filter(name => name.endsWith('.cedar')).toSorted()
  if (wanted.length === 0) throw invalid(file, `policies: there is no *.cedar in "${folder}"`)
  return Object.fromEntries(
    await Promise.all(wanted.map(async name => [name, await readFile(resolve(path, name), 'utf8')] as const)),
  )
}

async function withText(file: string, place: string, workflow: JsonValue): Promise<JsonValue> {
  if (!isJsonObject(workflow) || typeof workflow.file !== 'string') return workflow
  const { file: beside, ...rest } = workflow
  const [more] = Object.keys(rest)
  if (more !== undefined) throw invalid(file, `${place}: "${more}" cannot stand beside "file"`)
  const source = await readFile(resolve(dirname(file), beside), 'utf8').catch((cause: unknown) => {
    throw invalid(file, `${place}.file: "${beside}" cannot be read`, cause)
  })
  return { source }
}

function invalid(file: string, why: string, cause?: unknown) {
  return fault('REQUEST_INVALID', { why: `${file}: ${why}` }, { cause })
}
