import { fault, type JsonObject, type JsonValue, MAX_DEPTH, Recent } from '../kernel/index.ts'

export const REDACTED = '[redacted]'

// Whole words of a key, so that `tokens_in` and `author` stay readable while `accessToken` and `X-Auth` do not.
const SECRET_WORDS = new Set([
  'password', 'passwd', 'passphrase', 'pwd', 'secret', 'secrets', 'token', 'apikey', 'authorization', 'auth', 'bearer',
  'cookie', 'credential', 'credentials', 'privatekey', 'signature', 'otp', 'pin', 'cvv', 'ssn',
]) // prettier-ignore
const SECRET_PAIRS = new Set(['api key', 'private key', 'access key', 'secret key', 'session id', 'set cookie'])

/** Values that must never be stored in the clear, because the control plane itself knows them as secrets. */
export interface KnownSecrets {
  /** The text with every known secret in it replaced by {@link REDACTED}. */
  mask(text: string): string
}

export const noKnownSecrets: KnownSecrets = { mask: text => text }

/**
 * A frozen copy in which values under keys that name a secret, and known secret values anywhere, are replaced.
 * Runs before an entry or a blob is digested, so the digest is over what is kept.
 * Throws `JSON_NOT_CANONICAL` for nesting that could not be digested either.
 */
export function redact<T extends JsonValue>(value: T, known: KnownSecrets = noKnownSecrets): T {
  return copy(value, known, 0) as T
}

/** The value without the secrets that are known; the very one when it holds none. Every form a secret has in JSON is known. */
export function conceal<T>(value: T, known: KnownSecrets): T {
  const text = JSON.stringify(value)
  const concealed = known.mask(text)
  return concealed === text ? value : (JSON.parse(concealed) as T)
}

function copy(value: JsonValue, known: KnownSecrets, depth: number): JsonValue {
  if (typeof value === 'string') return known.mask(value)
  if (typeof value !== 'object' || value === null) return value
  if (depth > MAX_DEPTH) throw fault('JSON_NOT_CANONICAL', { at: '/', why: `nested deeper than ${MAX_DEPTH} levels` })
  if (Array.isArray(value)) return Object.freeze(value.map(item => copy(item as JsonValue, known, depth + 1)))
  const result: Record<string, JsonValue> = {}
  for (const key of Object.keys(value)) {
    const child = (value as JsonObject)[key]!
    const kept = namesSecret(key) && child !== null ? REDACTED : copy(child, known, depth + 1)
    const name = known.mask(key)
    if (name === '__proto__') Object.defineProperty(result, name, { value: kept, enumerable: true })
    else result[name] = kept
  }
  return Object.freeze(result)
}

/** Whether a key such as `X-Api-Key`, `dbPassword` or `access_token` announces a secret. */
export function namesSecret(key: string): boolean {
  let verdict = verdicts.get(key)
  if (verdict === undefined) {
    verdict = hasSecretWord(key)
    if (key.length <= LONGEST_KEPT) verdicts.set(key, verdict)
  }
  return verdict
}

// The same keys come again and again.
const verdicts = new Recent<string, boolean>(5_000)
const LONGEST_KEPT = 100

function hasSecretWord(key: string): boolean {
  const words = key
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .replace(/([A-Z])([A-Z][a-z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter(Boolean)
  return words.some((word, index) => SECRET_WORDS.has(word) || SECRET_PAIRS.has(`${word} ${words[index + 1] ?? ''}`))
}
