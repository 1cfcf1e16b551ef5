import { hash, randomBytes, timingSafeEqual } from 'node:crypto'
import { newId } from '../kernel/index.ts'
import type { Key, Scope } from './principal.ts'

const PREFIX = 'cst_'
// Key id (a UUID without dashes), then 32 random bytes in base64url, which may contain the separator itself.
const SHAPE = /^cst_([0-9a-f]{8})([0-9a-f]{4})([0-9a-f]{4})([0-9a-f]{4})([0-9a-f]{12})_[A-Za-z0-9_-]{43}$/

export interface KeyWish {
  readonly tenant: string
  readonly principal: string
  readonly name: string
  readonly scopes: readonly Scope[]
  /** RFC 3339; null means until revoked. */
  readonly expiresAt: string | null
}

export interface MintedKey {
  readonly key: Key
  /** The key itself: show it once, keep it nowhere. */
  readonly plaintext: string
}

/** A new key, `cst_<id without dashes>_<43 characters>`; the prefix lets secret scanners recognise a leaked one. */
export function mintKey(wish: KeyWish, now: Date): MintedKey {
  const id = newId(now.getTime())
  const plaintext = `${PREFIX}${id.replaceAll('-', '')}_${randomBytes(32).toString('base64url')}`
  return {
    key: { ...wish, id, hash: hashKey(plaintext), revokedAt: null, createdAt: now.toISOString() },
    plaintext,
  }
}

/** Whether a bearer credential claims to be one of our keys, well-formed or not. */
export function looksLikeKey(text: string): boolean {
  return text.startsWith(PREFIX)
}

/** Id of the key that a presented text claims to be, undefined when it is malformed. Nothing is proven yet. */
export function parseKey(text: string): { readonly id: string } | undefined {
  const match = SHAPE.exec(text)
  return match ? { id: match.slice(1).join('-') } : undefined
}

/** Whether a presented text is the key with this hash; takes the same time whatever differs. */
export function provesKey(text: string, key: Pick<Key, 'hash'>): boolean {
  const given = Buffer.from(hashKey(text), 'hex')
  const kept = Buffer.from(key.hash, 'hex')
  return given.length === kept.length && timingSafeEqual(given, kept)
}

function hashKey(plaintext: string): string {
  return hash('sha256', plaintext)
}
