import type { GuardrailProvider, ProviderAnswer, Stage } from '../../guardrails/index.ts'
import { egressOf } from '../../registry/index.ts'
import { type Answer, headersFrom, HttpClient, statusLine } from '../http-client/index.ts'
import { type Dialect, dialects } from './dialects.ts'

export interface HttpProviderOptions {
  readonly name: string
  /** Where it is asked, by POST; `http://…` or `https://…`. */
  readonly url: string
  readonly dialect: Dialect
  /** The model that is asked for; null where the dialect knows of none. */
  readonly model: string | null
  /** The token to show; asked for again when it was refused. */
  readonly token?: () => Promise<string>
  /** PEM of the authorities it must be certified by. */
  readonly ca?: string
  /** Whether its name may lead to addresses that are not public. */
  readonly allowPrivate: boolean
  /** The least confidence that is a finding. */
  readonly reportFrom: number
  /** Milliseconds for a connection; an answer has as long as whoever asks waits. */
  readonly timeout: number
}

/** A moderation service that is asked over HTTP. Whatever is not exactly an answer of its dialect is a failure. */
export function httpProvider(options: HttpProviderOptions): GuardrailProvider {
  const { name, url, dialect, model, token, ca, allowPrivate, reportFrom, timeout } = options
  const { origin, pathname } = new URL(url)
  const { question, read } = dialects[dialect]
  const egress = egressOf(name, {
    transport: 'http-adapter',
    endpoints: [origin],
    headers: {},
    egress: { hosts: [], allowPrivate },
  })
  const patience = { connect: timeout, pool: timeout, read: timeout }
  const client = new HttpClient(origin, patience, { egress, ...(ca === undefined ? {} : { ca }) })
  let shown: Promise<string> | undefined

  async function send(text: string, stage: Stage, signal: AbortSignal): Promise<Answer | { readonly is: 'mute' }> {
    let authorization: Record<string, string>
    try {
      authorization = token ? headersFrom({ authorization: `Bearer ${(await (shown ??= token())).trim()}` }) : {}
    } catch {
      shown = undefined
      return { is: 'mute' }
    }
    const body = JSON.stringify(question(text, stage, model))
    const headers = {
      accept: 'application/json',
      'content-type': 'application/json',
      'content-length': String(Buffer.byteLength(body)),
      ...authorization,
    }
    const ask = { method: 'POST', path: pathname, headers, body } as const
    const answer = await client.ask(ask, signal, LARGEST)
    // A connection that was kept may be closed from the far end just as it is used. Asking changes nothing, so once more.
    return answer.is === 'lost' && answer.sent && !answer.aborted && !answer.timedOut
      ? client.ask(ask, signal, LARGEST)
      : answer
  }

  return {
    name,
    kind: 'http',
    missing: () => [],
    prepare: async () => undefined,

    async ask({ text, stage }, signal): Promise<ProviderAnswer> {
      const answer = await send(text, stage, signal)
      switch (answer.is) {
        case 'mute':
          return failed('the token for it cannot be read')
        case 'lost':
          return failed(answer.why)
        case 'oversized':
          return failed('its answer is too large')
        case 'answered': {
          // The token may have been renewed since it was read.
          if (answer.status === 401 || answer.status === 403) shown = undefined
          if (answer.status !== 200) return failed(`it answered ${statusLine(answer.status)}`)
          const said = read(parsed(answer.body))
          if (said === null) return failed(`its answer is none of the dialect ${dialect}`)
          return { ...said, is: 'found', findings: said.findings.filter(each => each.confidence >= reportFrom) }
        }
        default:
          throw answer satisfies never
      }
    },

    close: () => client.close(),
  }
}

/** Bytes of one answer. */
const LARGEST = 1_048_576

function failed(why: string): ProviderAnswer {
  return { is: 'failed', why }
}

function parsed(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8')) as unknown
  } catch {
    return undefined
  }
}
