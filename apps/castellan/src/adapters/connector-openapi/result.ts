import type { Reply } from '../../gate/index.ts'
import { isFault, isJsonObject, type JsonObject, type JsonValue, parseStrict } from '../../kernel/index.ts'
import { type Answer, brokenBy, MAX_ANSWER, statusLine } from '../http-client/index.ts'
import { isJson } from './read-parameters.ts'

type Answered = Extract<Answer, { is: 'answered' }>

/**
 * What an answer means to the caller of the tool: the body as text, image, audio or blob; a JSON object also as
 * `structuredContent`. From status 400 on it is an error the model may learn from, save those that say "not now".
 *
 * `url` names a blob; it holds no query, where secrets may be. `mask` hides secrets that a service repeats in an error.
 */
export function replyTo(answer: Answer, url: string, mask: (text: string) => string): Reply {
  const broken = brokenBy(answer)
  if (broken) return broken
  switch (answer.is) {
    case 'oversized':
      return problem(`The service answered with more than ${MAX_ANSWER} bytes, which is not passed on.`)
    case 'answered':
      if (answer.status >= 400) return problem(mask(described(answer)))
      if (answer.status >= 300) return problem(`${statusLine(answer.status)}: a redirect that is not followed.`)
      return { is: 'result', result: resultOf(answer, url) }
    case 'lost':
      throw new Error('a lost answer is broken')
    default:
      throw answer satisfies never
  }
}

/** A result that says what went wrong. */
export function problem(text: string): Reply {
  return { is: 'result', result: { content: [{ type: 'text', text }], isError: true } }
}

/** Characters of an error's body that are worth a model's attention. */
const LONGEST_ERROR = 16_384

function described(answer: Answered): string {
  const body = isText(mediaTypeOf(answer)) ? decode(answer).slice(0, LONGEST_ERROR).trim() : ''
  return body === '' ? statusLine(answer.status) : `${statusLine(answer.status)}\n\n${body}`
}

function resultOf(answer: Answered, url: string): JsonObject {
  const encoding = answer.headers['content-encoding'] ?? 'identity'
  const mimeType = mediaTypeOf(answer)
  if (answer.body.length === 0) return { content: [{ type: 'text', text: withHeaders(answer) }], isError: false }
  if (encoding !== 'identity' || !isText(mimeType)) {
    return { content: [binary(answer.body.toString('base64'), mimeType, encoding, url)], isError: false }
  }
  const text = decode(answer)
  const structuredContent = isJson(mimeType) ? objectIn(text) : undefined
  return { content: [{ type: 'text', text }], ...(structuredContent && { structuredContent }), isError: false }
}

function binary(data: string, mimeType: string, encoding: string, url: string): JsonValue {
  if (encoding === 'identity') {
    if (mimeType.startsWith('image/')) return { type: 'image', data, mimeType }
    if (mimeType.startsWith('audio/')) return { type: 'audio', data, mimeType }
  }
  const type = encoding === 'identity' ? mimeType : 'application/octet-stream'
  return { type: 'resource', resource: { uri: url, mimeType: type, blob: data } }
}

/**
 * Absent for what strict JSON forbids, such as an integer beyond 2^53: parsed, it would be another number, so the text
 * alone carries it.
 */
function objectIn(text: string): JsonObject | undefined {
  try {
    const value = parseStrict(text)
    return isJsonObject(value) ? value : undefined
  } catch (error) {
    if (!isFault(error, 'JSON_MALFORMED')) throw error
    return undefined
  }
}

const TELLING = ['allow', 'content-length', 'content-type', 'etag', 'last-modified', 'location'] as const

/** All there is to an answer without a body: HEAD, OPTIONS, 201 with a location. */
function withHeaders({ status, headers }: Answered): string {
  const lines = TELLING.flatMap(name => (headers[name] === undefined ? [] : [`${name}: ${headers[name]}`]))
  return [statusLine(status), ...lines].join('\n')
}

function mediaTypeOf({ headers }: Answered): string {
  return (headers['content-type'] ?? 'text/plain').split(';')[0]!.trim().toLowerCase()
}

function isText(mediaType: string): boolean {
  return (
    mediaType.startsWith('text/') ||
    isJson(mediaType) ||
    /^application\/(xml|yaml|x-yaml|javascript|graphql|x-ndjson|jsonl|x-www-form-urlencoded|[\w.-]+\+(xml|yaml))$|^image\/svg\+xml$/.test(
      mediaType,
    )
  )
}

function decode({ headers, body }: Answered): string {
  const charset = /charset\s*=\s*"?([\w.:-]+)/i.exec(headers['content-type'] ?? '')?.[1] ?? 'utf-8'
  try {
    return new TextDecoder(charset).decode(body)
  } catch {
    return body.toString('utf8')
  }
}
