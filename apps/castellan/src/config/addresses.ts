import { isIP } from 'node:net'
import { isLoopback } from '../kernel/index.ts'

const HOST_NAME =
  /^([A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*|\[[0-9a-fA-F:.]+\])(:\d{1,5})?$/

/** Names are not taken: what they resolve to may change from loopback to something else. */
export function isListenAddress(text: string): boolean {
  return text === 'localhost' || isIP(text) !== 0
}

/** An address to listen on, and a port, which may be 0. */
export function isListenPlace(text: string): boolean {
  const { host, port } = placeOf(text)
  return isListenAddress(host) && port >= 0 && port < 65_536
}

/** Where somebody else listens. */
export function isHostAndPort(text: string): boolean {
  const { host, port } = placeOf(text)
  return (isHostName(host) || isIP(host) !== 0) && port > 0 && port < 65_536
}

/** The host, without the brackets of an IPv6 address, and the port; -1 for none. */
export function placeOf(text: string): { readonly host: string; readonly port: number } {
  const [, ipv6, name = '', port = '-1'] = /^(?:\[([0-9a-fA-F:.]+)\]|([^:]+)):(\d{1,5})$/.exec(text) ?? []
  return { host: ipv6 ?? name, port: Number(port) }
}

export function isHostName(text: string): boolean {
  return HOST_NAME.test(text)
}

export function isOrigin(text: string): boolean {
  return URL.canParse(text) && /^https?:$/.test(new URL(text).protocol) && new URL(text).origin === text
}

/** Where clients reach us, perhaps through a proxy; a path is fine. */
export function isPublicUrl(text: string): boolean {
  const url = URL.parse(text)
  return url !== null && /^https?:$/.test(url.protocol) && !url.username && !url.password && !/[?#]/.test(text)
}

/** Source: OpenID Connect Discovery 1.0 section 3. */
export function isIssuer(text: string): boolean {
  return isSafeUrl(text) && !/[?#]/.test(text)
}

/** https, or http on this machine, and no credentials in it. */
export function isSafeUrl(text: string): boolean {
  if (!URL.canParse(text)) return false
  const { protocol, hostname, username, password } = new URL(text)
  if (username || password) return false
  return protocol === 'https:' || (protocol === 'http:' && isLoopback(hostname))
}

/** Without credentials: those are in the settings beside it. */
export function isOpaUrl(text: string): boolean {
  if (text.startsWith('unix:')) return /^unix:\/[^\0]+$/.test(text)
  return isPublicUrl(text)
}

/** Names with slashes between them, any of which may be `{tenant}`. */
export function isDecisionPath(text: string): boolean {
  return text.split('/').every(part => /^([A-Za-z0-9_.-]{1,100}|\{tenant\})$/.test(part) && !/^\.{1,2}$/.test(part))
}

export function isPath(text: string): boolean {
  return !text.includes('\0')
}

/** `env:NAME`, a variable of this process, or `secret:NAME`, a secret of the first tenant. */
export function isSecretReference(text: string): boolean {
  return /^(env:[A-Za-z_][A-Za-z0-9_]{0,99}|secret:[A-Za-z0-9][A-Za-z0-9._-]{0,99})$/.test(text)
}

export function isDatabaseUrl(text: string): boolean {
  return URL.canParse(text) && /^postgres(ql)?:$/.test(new URL(text).protocol)
}

export function isNatsUrl(text: string): boolean {
  const url = URL.parse(text)
  return url !== null && /^(nats|tls):$/.test(url.protocol) && url.hostname !== '' && /^[^?#]*$/.test(text)
}

/** The URL with everything that may be secret in it masked. */
export function withoutPassword(text: string | null): string {
  if (text === null) return 'not set'
  const url = new URL(text)
  if (url.password) url.password = '***'
  // A user alone is a token to NATS.
  else if (url.username && isNatsUrl(text)) url.username = '***'
  for (const name of new Set(url.searchParams.keys())) {
    if (/pass|secret|key/i.test(name)) url.searchParams.set(name, '***')
  }
  return url.href
}
