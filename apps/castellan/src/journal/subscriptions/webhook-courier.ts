import { type Clock, Fault, signatureHeaders } from '../../kernel/index.ts'
import { cloudEvent } from '../cloud-event.ts'
import type { Courier } from './courier.ts'
import type { Post } from './post.ts'

export interface WebhookParts {
  readonly post: Post
  /** The stored secret of a tenant. Throws `SECRET_UNREADABLE`. */
  readonly secret: (tenant: string, name: string) => Promise<string>
  readonly clock: Clock
}

/**
 * Hands entries over as signed CloudEvents. Each has the id of its entry, however often it is sent, so that whoever gets one twice can
 * tell. Source: CloudEvents 1.0.2, HTTP binding, structured mode; Standard Webhooks 1.0.
 */
export function webhookCourier({ post, secret, clock }: WebhookParts): Courier {
  return async ({ tenant, target }, entry, signal) => {
    let key: string
    try {
      key = await secret(tenant, target.secret)
    } catch (error) {
      if (!(error instanceof Fault)) throw error
      return { is: 'refused', why: error.message, alive: true, retryIn: null }
    }
    const body = JSON.stringify(cloudEvent(entry))
    const headers = {
      'content-type': 'application/cloudevents+json; charset=utf-8',
      ...signatureHeaders(key, entry.id, clock.now(), body),
    }
    const answer = await post(target.url, { headers, body }, signal)
    if ('lost' in answer) return { is: 'refused', why: answer.lost, alive: false, retryIn: null }
    const { status, retryAfter } = answer
    if (status >= 200 && status < 300) return { is: 'accepted' }
    const why = `it answered ${status}`
    if (status === 410) return { is: 'gone', why: `${why}, and wants no more` }
    return { is: 'refused', why, alive: status < 500 && status !== 429, retryIn: retryAfter }
  }
}
