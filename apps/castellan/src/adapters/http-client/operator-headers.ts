import { fault } from '../../kernel/index.ts'

/**
 * Headers the operator set, by lower-case name. Throws `SECRET_UNREADABLE` for what cannot be sent, without showing it.
 */
export function headersFrom(values: Readonly<Record<string, string>>): Record<string, string> {
  const headers: Record<string, string> = {}
  for (const [name, value] of Object.entries(values)) {
    if (!/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name)) throw unfit(name, 'that is no header name')
    if (OF_THE_CONNECTION.has(name.toLowerCase())) throw unfit(name, 'that header belongs to the connection itself')
    // Files and commands that secrets come from like to end in a line break.
    const sent = value.replace(/[\r\n]+$/, '')
    if (/[^\t\x20-\x7e\x80-\xff]/.test(sent)) throw unfit(name, 'it holds a character that a header cannot carry')
    headers[name.toLowerCase()] = sent
  }
  return headers
}

/** RFC 9110 section 7.6.1, and what HTTP frames messages with. */
export const OF_THE_CONNECTION: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'expect',
  'host',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])

function unfit(name: string, why: string) {
  return fault('SECRET_UNREADABLE', { name: name.slice(0, 64), why })
}
