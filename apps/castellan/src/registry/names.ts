import { digestBytes } from '../kernel/index.ts'
import type { Primitive } from './capability.ts'

/** Longest name that model providers accept for a tool. */
export const MAX_NAME = 64

/** Server names: short, lower-case, and without `__`, so that an exposed name splits in one way only. */
export const SERVER_NAME = /^(?!.*--)[a-z0-9](?:[a-z0-9-]{0,22}[a-z0-9])?$/

/**
 * The name a capability has on an endpoint of many servers: `server__tool`, at most {@link MAX_NAME} characters of
 * `[A-Za-z0-9_-]`. It depends on nothing but server, primitive and original name, so it is the same in whatever order servers
 * connect; names that had to be changed, and everything that is not a tool by birth, end in a digest, so none collide.
 */
export function exposedName(server: string, primitive: Primitive, name: string, asTool = false): string {
  const clean = name.replace(/[^A-Za-z0-9_-]+/g, '_')
  const plain = `${server}__${clean}`
  const bornHere = !asTool || primitive === 'tool'
  if (clean === name && bornHere && plain.length <= MAX_NAME) return plain
  const mark = digestBytes(JSON.stringify([server, primitive, name])).slice('sha256:'.length, 'sha256:'.length + 8)
  return `${plain.slice(0, MAX_NAME - mark.length - 1)}_${mark}`
}

/** Whether a name fits a pattern in which `*` stands for any run of characters, none included. Linear time. */
export function matchesPattern(pattern: string, name: string): boolean {
  if (!pattern.includes('*')) return pattern === name
  const parts = pattern.split('*')
  const first = parts[0]!
  const last = parts.at(-1)!
  if (name.length < first.length + last.length || !name.startsWith(first) || !name.endsWith(last)) return false
  let at = first.length
  const end = name.length - last.length
  for (const part of parts.slice(1, -1)) {
    const found = name.indexOf(part, at)
    if (found < 0 || found + part.length > end) return false
    at = found + part.length
  }
  return true
}
