import { promisify } from 'node:util'
import { brotliDecompress, gunzip } from 'node:zlib'
import { refused } from '../tool.ts'
import type { Told } from './ask.ts'
import { readableHtml } from './readable-html.ts'

/** `readable`: HTML as Markdown and other text as it is; `raw`: text as it came; `base64`: bytes as they came. */
export type Form = 'readable' | 'raw' | 'base64'

export interface Content {
  readonly form: Form
  readonly title: string | null
  readonly content: string
}

/** What an answer holds, in a form. What is no text is base64, whatever was asked for. Throws `TOOL_REFUSED`. */
export async function contentOf({ url, headers, body }: Told, wish: Form, signal: AbortSignal): Promise<Content> {
  const bytes = await decoded(body, headers['content-encoding'])
  const type = headers['content-type'] ?? 'text/plain'
  if (wish === 'base64' || !isText(type)) return { form: 'base64', title: null, content: bytes.toString('base64') }
  const text = decoderFor(type).decode(bytes)
  if (wish === 'raw' || !/^(text\/html|application\/xhtml\+xml)\b/i.test(type))
    return { form: 'raw', title: null, content: text }
  return { form: 'readable', ...(await readableHtml(text, url, signal)) }
}

async function decoded(body: Buffer, encoding = ''): Promise<Buffer> {
  const name = encoding.trim().toLowerCase()
  if (name === '' || name === 'identity' || body.length === 0) return body
  const unpack = name === 'gzip' ? gunzipped : name === 'br' ? unbrotlied : null
  if (!unpack) throw refused(`the answer is packed by "${name.slice(0, 40)}", which was not asked for`)
  try {
    return await unpack(body, { maxOutputLength: MOST_UNPACKED })
  } catch (cause) {
    throw refused(`the answer cannot be unpacked, or has more than ${MOST_UNPACKED} bytes`, { cause })
  }
}

const gunzipped = promisify(gunzip) as (bytes: Buffer, options: object) => Promise<Buffer>
const unbrotlied = promisify(brotliDecompress) as (bytes: Buffer, options: object) => Promise<Buffer>

/** A small answer can unpack to anything. */
const MOST_UNPACKED = 10 * 1024 * 1024

function isText(type: string): boolean {
  return /^(text\/|application\/([\w.-]+\+)?(json|xml|yaml|javascript|x-ndjson|x-www-form-urlencoded)\b|application\/xhtml\+xml|image\/svg\+xml)/i.test(
    type,
  )
}

function decoderFor(type: string): { decode(bytes: Buffer): string } {
  const [, charset = 'utf-8'] = /;\s*charset\s*=\s*"?([\w.:-]+)/i.exec(type) ?? []
  try {
    return new TextDecoder(charset)
  } catch {
    return new TextDecoder()
  }
}
