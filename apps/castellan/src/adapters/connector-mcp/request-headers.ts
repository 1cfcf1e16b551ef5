import { fault } from '../../kernel/index.ts'

/** They frame the message or belong to one hop; given by hand they would desynchronise the connection. */
const framing = new Set([
  'connection',
  'content-length',
  'content-type',
  'expect',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])

/** `token` of RFC 9110 section 5.6.2. */
const name = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/
/** `field-value` of RFC 9110 section 5.5: visible ASCII, obs-text, and blanks inside. */
const value = /^(?:[\x21-\x7e\x80-\xff](?:[\t\x20-\x7e\x80-\xff]*[\x21-\x7e\x80-\xff])?)?$/

/**
 * The headers of a target, fit to be sent. Blanks around a value are cut off: secrets often end in a line break of the file
 * they come from. Throws `HEADER_INVALID`, which names the header and never quotes its value.
 */
export function requestHeaders(server: string, values: Readonly<Record<string, string>>): Record<string, string> {
  const headers: Record<string, string> = {}
  for (const [given, raw] of Object.entries(values)) {
    const key = given.toLowerCase()
    const trimmed = raw.trim()
    const why = !name.test(given)
      ? 'its name may hold only letters, digits and some punctuation'
      : framing.has(key) || key.startsWith('mcp-') || key.startsWith('sec-websocket-')
        ? 'this header belongs to the transport'
        : key in headers
          ? 'it is given twice'
          : !value.test(trimmed)
            ? 'its value holds a line break, a control character or one outside Latin-1'
            : undefined
    if (why !== undefined) throw fault('HEADER_INVALID', { server, header: JSON.stringify(given), why })
    headers[key] = trimmed
  }
  return headers
}
