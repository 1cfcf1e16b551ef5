import { createHmac } from 'node:crypto'

/**
 * The headers that say who sent a body and when. A secret that begins with `whsec_` is base64 after that; any other is taken as it
 * is.
 *
 * Source: Standard Webhooks 1.0, symmetric signatures (`v1`).
 */
export function signatureHeaders(secret: string, id: string, at: Date, body: string): Record<string, string> {
  const timestamp = String(Math.floor(at.getTime() / 1_000))
  const key = secret.startsWith(PREFIX)
    ? Buffer.from(secret.slice(PREFIX.length), 'base64')
    : Buffer.from(secret, 'utf8')
  const signature = createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')
  return { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': `v1,${signature}` }
}

const PREFIX = 'whsec_'
