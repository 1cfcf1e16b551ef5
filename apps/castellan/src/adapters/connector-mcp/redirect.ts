import { SendFailure } from './send-failure.ts'

const MOST_REDIRECTS = 5

/**
 * Where an answer that redirects leads. Credentials travel with every request, so nothing is followed to another origin; nor
 * where the method would change (303). A failure, when it is not followed.
 */
export function redirected(from: URL, status: number, location: string | undefined, before: number): URL | SendFailure {
  const to = location !== undefined && URL.canParse(location, from.href) ? new URL(location, from) : null
  if (to?.origin === from.origin && status !== 303 && status !== 304 && before < MOST_REDIRECTS) return to
  // Without the query, which may hold secrets.
  const place = to === null ? 'another place' : `${to.origin}${to.pathname}`
  const why = `it redirects to ${place}, which is not followed (HTTP ${status})`
  return new SendFailure(why, { sent: true, retryable: false, status })
}
