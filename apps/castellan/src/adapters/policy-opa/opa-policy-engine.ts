import type { Decision, PolicyEngine, PolicyInput } from '../../gate/index.ts'
import { formatDuration } from '../../kernel/index.ts'
import { headersFrom, HttpClient, type Line } from '../http-client/index.ts'
import { decisionPath } from './decision-path.ts'
import { probeInput } from './probe-input.ts'
import { questionOf } from './question.ts'
import { readAnswer, type Reading } from './read-answer.ts'

export interface OpaOptions {
  /** `http://…` or `https://…`, perhaps with a path before `/v1/data`; or `unix:` and the path of a socket. */
  readonly url: string
  /** Of the decision, as in `data.<path>` with slashes; `{tenant}` stands for the tenant. */
  readonly path: string
  /** Milliseconds for one decision, whatever has to be done for it. */
  readonly timeout: number
  readonly failOpen: boolean
  /** Certificates and keys for TLS. */
  readonly tls?: Pick<Line, 'ca' | 'cert' | 'key'>
  /** The token to show; asked for again when it was refused. */
  readonly token?: () => Promise<string>
}

/**
 * An Open Policy Agent that is asked over HTTP, for each decision anew: its policies may look at data and the time. Whatever
 * keeps it from answering denies, within the timeout, with a reason of its own; the next question finds it again by itself.
 *
 * With `failOpen` calls are allowed while nobody answers, and each such decision says so. An answer that is none, such as an
 * undefined decision or an error in a policy, denies all the same.
 */
export function opaPolicyEngine({ url, path, timeout, failOpen, tls, token }: OpaOptions): PolicyEngine {
  const { origin, prefix, line } = placeOf(url)
  const client = new HttpClient(origin, { connect: timeout, pool: timeout, read: timeout }, { ...line, ...tls })
  let shown: Promise<string> | undefined
  let closed = false

  async function authorization(): Promise<Record<string, string>> {
    if (!token) return {}
    shown ??= token()
    return headersFrom({ authorization: `Bearer ${(await shown).trim()}` })
  }

  async function ask(input: PolicyInput, overdue: AbortSignal, onAsking: () => void): Promise<Reading> {
    // Nobody asked, so nobody was silent.
    if (closed) return { is: 'unfit', why: 'the engine was closed' }
    const tenantPath = decisionPath(path, input.tenant)
    if (tenantPath === null) return { is: 'unfit', why: 'the name of the tenant cannot stand in a path' }
    const question = questionOf(input)
    if ('refused' in question) return { is: 'unfit', why: question.refused }
    let credentials: Record<string, string>
    try {
      credentials = await authorization()
    } catch {
      shown = undefined
      return { is: 'unfit', why: 'the token for it cannot be read' }
    }
    const asked = {
      method: 'POST',
      path: `${prefix}/v1/data/${tenantPath}?provenance=true`,
      headers: { 'content-type': 'application/json', accept: 'application/json', ...credentials },
      body: `{"input":${question.text}}`,
    } as const
    onAsking()
    let answer = await client.ask(asked, overdue, LARGEST)
    // A connection that was kept may be closed from the far end just as it is used. Asking changes nothing, so once more.
    if (answer.is === 'lost' && answer.sent && !answer.aborted && !answer.timedOut)
      answer = await client.ask(asked, overdue, LARGEST)
    if (answer.is === 'lost') return { is: closed ? 'unfit' : 'silent', why: answer.why }
    const reading = readAnswer(answer)
    if (reading.is === 'unfit' && reading.unauthorized) shown = undefined
    return reading
  }

  /** Resolves in time, whatever is waited for. */
  async function within(input: PolicyInput, signal: AbortSignal): Promise<Reading> {
    const overdue = new AbortController()
    const { promise: late, resolve } = Promise.withResolvers<Reading>()
    let asking = false
    const end = () => {
      const why = `no answer within ${formatDuration(timeout)}`
      // What kept us from asking is ours, so it does not count as silence of OPA.
      resolve(asking ? { is: 'silent', why } : { is: 'unfit', why: 'the token for it could not be read in time' })
      overdue.abort()
    }
    const timer = setTimeout(end, timeout)
    signal.addEventListener('abort', end, { once: true })
    try {
      return await Promise.race([late, ask(input, overdue.signal, () => (asking = true))])
    } finally {
      clearTimeout(timer)
      signal.removeEventListener('abort', end)
    }
  }

  return {
    name: 'opa',
    failOpen,

    async decide(input, signal) {
      const reading: Reading = signal.aborted ? NOT_ASKED : await within(input, signal)
      if (signal.aborted) return denied('the call was cancelled before it was decided')
      switch (reading.is) {
        case 'decided':
          return { ...reading.decision, policyDigest: 'none' }
        case 'unfit':
          return denied(`OPA: ${reading.why}`)
        case 'silent':
          return failOpen
            ? { allow: true, reasons: [`opa-fail-open: ${reading.why}`], policyDigest: 'none' }
            : denied(`OPA: ${reading.why}`)
        default:
          throw reading satisfies never
      }
    },

    async trouble(tenant, signal) {
      const reading = await within(probeInput(tenant), signal)
      return reading.is === 'decided' ? null : reading.why
    },

    close() {
      closed = true
      return client.close()
    },
  }
}

/** Most bytes of one answer. */
const LARGEST = 1_048_576

const NOT_ASKED: Reading = { is: 'unfit', why: 'it was not asked' }

function denied(reason: string): Decision {
  return { allow: false, reasons: [reason], policyDigest: 'none' }
}

function placeOf(url: string): { origin: string; prefix: string; line: Line } {
  if (url.startsWith('unix:'))
    return { origin: 'http://localhost', prefix: '', line: { socketPath: url.slice('unix:'.length) } }
  const { origin, pathname } = new URL(url)
  return { origin, prefix: pathname.replace(/\/$/, ''), line: {} }
}
