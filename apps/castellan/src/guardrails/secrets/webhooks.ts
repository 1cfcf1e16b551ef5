import { isPlaceholder } from './placeholders.ts'
import { looksRandom } from './randomness.ts'
import type { Rule } from './rule.ts'

interface Webhook {
  readonly category: string
  readonly host: string
  /** From the host on; the group is the part that only its owner knows. */
  readonly shape: RegExp
}

const table: readonly Webhook[] = [
  {
    category: 'slack-webhook',
    host: 'hooks.slack.com/',
    shape: /hooks\.slack\.com\/(?:services|workflows|triggers)\/[A-Z]\w{5,12}\/\w{6,20}\/(\w{16,60})(?:\/\w{16,32})?/iy,
  },
  {
    category: 'discord-webhook',
    host: '/api/webhooks/',
    shape: /\/api\/(?:v[0-9]{1,2}\/)?webhooks\/[0-9]{16,20}\/([\w-]{56,72})/y,
  },
  {
    category: 'teams-webhook',
    host: 'webhook.office.com/',
    shape: /webhook\.office\.com\/webhookb2\/[\w-]{36}@[\w-]{36}\/IncomingWebhook\/([a-f0-9]{32})\/[\w-]{36}/y,
  },
  {
    category: 'zapier-webhook',
    host: 'hooks.zapier.com/',
    shape: /hooks\.zapier\.com\/hooks\/catch\/[0-9]{4,10}\/([a-z0-9]{5,10})(?![a-z])/y,
  },
  {
    category: 'google-chat-webhook',
    host: 'chat.googleapis.com/',
    shape: /chat\.googleapis\.com\/v1\/spaces\/[\w-]{6,20}\/messages\?key=[\w-]{20,50}&token=([\w%-]{20,90})/y,
  },
]

/** Addresses to which whoever knows them may write: the address is the secret. */
export const webhooks: readonly Rule[] = table.map(({ category, host, shape }) => ({
  literals: [host],
  look(text, start) {
    shape.lastIndex = start
    const match = shape.exec(text)
    if (!match || isPlaceholder(match[1]!) || (match[1]!.length >= 16 && !looksRandom(match[1]!))) return undefined
    return { category, start: beginningOfUrl(text, start), end: start + match[0].length, confidence: 0.95 }
  },
}))

/** Where the URL begins in which a place is: at its scheme, if one is near. */
function beginningOfUrl(text: string, at: number): number {
  const near = Math.max(0, at - LONGEST_HOST)
  const scheme = text.slice(near, at).lastIndexOf('https://')
  return scheme < 0 || /\s/.test(text.slice(near + scheme, at)) ? at : near + scheme
}

const LONGEST_HOST = 80
