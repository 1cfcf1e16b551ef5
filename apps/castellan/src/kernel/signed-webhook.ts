import { createHmac, timingSafeEqual } from 'node:crypto'

/**
 * The headers that say who sent a body and when. A secret that begins with `whsec_` is base64 after that; any other is taken as it
 * is.
 *
 * Source: Standard Webhooks 1.0, symmetric signatures (`v1`).
 */
export function signatureHeaders(secret: string, id: string, at: Date, body: string): Record<string, string> {
  const timestamp = String(Math.floor(at.getTime() / 1_000))
  const signature = signatureOf(secret, id, timestamp, body).toString('base64')
  return { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': `v1,${signature}` }
}

/**
 * Whether whoever sent a body has the secret, and sent it within so many milliseconds of now. Any of several signatures will do, so that
 * a secret can be replaced. Source: as above.
 */
export function isSigned(
  secret: string,
  sent: { readonly id: string; readonly timestamp: string; readonly signature: string; readonly body: Uint8Array },
  now: Date,
  tolerance: number,
): boolean {
  const { id, timestamp, signature, body } = sent
  if (!/^\d{1,12}$/.test(timestamp) || Math.abs(now.getTime() - Number(timestamp) * 1_000) > tolerance) return false
  const expected = signatureOf(secret, id, timestamp, body)
  return signature.split(' ').some(each => {
    const [version, value = ''] = each.split(',')
    const given = Buffer.from(value, 'base64')
    return version === 'v1' && given.length === expected.length && timingSafeEqual(given, expected)
  })
}

function signatureOf(secret: string, id: string, timestamp: string, body: string | Uint8Array): Buffer {
  const key = secret.startsWith(PREFIX)
    ? Buffer.from(secret.slice(PREFIX.length), 'base64')
    : Buffer.from(secret, 'utf8')
  return createHmac('sha256', key).update(`${id}.${timestamp}.`).update(body).digest()
}

const PREFIX = 'whsec_'
