import { createHmac, timingSafeEqual } from 'node:crypto'
import { isJsonObject, type JsonObject } from './json.ts'

/** A few facts as a text that fits into a URL, signed with HMAC-SHA-256: whoever has it can show that we wrote it, and read it. */
export function writeSigned(said: JsonObject, key: Uint8Array): string {
  const text = Buffer.from(JSON.stringify(said)).toString('base64url')
  return `${text}.${sign(text, key).toString('base64url')}`
}

/** Null for what we did not write. */
export function readSigned(token: string, key: Uint8Array): JsonObject | null {
  const [text, signature, ...more] = token.split('.')
  if (text === undefined || signature === undefined || more.length > 0) return null
  const given = Buffer.from(signature, 'base64url')
  const expected = sign(text, key)
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) return null
  const said: unknown = JSON.parse(Buffer.from(text, 'base64url').toString('utf8'))
  return isJsonObject(said) ? said : null
}

function sign(text: string, key: Uint8Array): Buffer {
  return createHmac('sha256', key).update(text).digest()
}
