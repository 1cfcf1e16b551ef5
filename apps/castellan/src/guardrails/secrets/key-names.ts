import { Recent } from '../../kernel/index.ts'

/** What the name of a setting, a field or a variable promises of its value. */
export type Kind = 'password' | 'secret' | 'token' | 'key' | 'hash'

const WORDS = /\p{Lu}+(?!\p{Ll})|\p{Lu}?\p{Ll}+|\p{Lo}+|[0-9]+/gu

const nouns: ReadonlyMap<string, Kind> = new Map([
  ...each(
    'password passwd passwort passphrase passcode pwd psw pw pass psk kennwort contraseña contrasena senha',
    'password',
  ),
  ...each('wachtwoord пароль 密码 密碼 パスワード 비밀번호 hasło parola motdepasse lozinka', 'password'),
  ...each('secret secrets credential credentials cred creds', 'secret'),
  ...each('token tokens jwt pat bearer authorization auth masterauth', 'token'),
  ...each('key keys apikey apikeys salt', 'key'),
])

/** What is glued to the end of a word, as in `dbpassword` and `accesstoken`. */
const GLUED = /^(.+?)(password|passwd|passwort|passphrase|pwd|secret|token|key)$/
const GLUED_PASS =
  /^(?:db|user|usr|my|smtp|mail|root|admin|mysql|pg|ftp|ssh|wifi|redis|mongo|ldap|sa|login|require|store|key|trust|auth|proxy|become)pass$/

/** What may follow the noun without changing what it means. */
const neutral = set(
  'value val str string text plain plaintext raw clear cleartext env prod production dev development stage staging live default old new',
  'current base b64 hex encoded local sandbox test testing primary secondary main backup v option param arg data here is',
)

/** Words before a noun that say it is about something else: what a form shows, what a parser cuts, what everybody may know. */
const otherwise = set(
  'csrf xsrf page next continuation cursor cancel cancellation sync public pub max min num total count prompt completion input',
  'output eos bos pad unk mask sep cls special lexer syntax punctuation symbol design theme color css stop delimiter start end first',
  'last prev previous show hide toggle forgot forgotten reset is has no without require required requires invalid validate valid',
  'missing use uses allow enable disable verify check generate delete remove read fetch expired incorrect wrong error empty label',
  'placeholder title hint message msg primary foreign sort partition cache row column react map object record i18n translation lookup',
  'index shift ctrl alt meta arrow press up down enter esc hot short function keyboard idempotency dedupe routing lock',
)

/** Words that make a key one that opens something, rather than one that finds something. */
const opening = set(
  'api access secret private priv encryption encrypt decrypt decryption crypto cipher signing sign signature signed master auth',
  'authentication account storage shared app application consumer service subscription license admin root server deploy integration',
  'webhook hmac aes rsa des ssh jwt session cookie django flask rails write ingest ingestion personal developer project rest merchant',
  'functions authorization security client user host password nonce logged salt data hash verification activation wep wpa wifi network',
  'aws s3 azure gcp google maps youtube stripe sendgrid mailgun mailchimp twilio openai anthropic claude gemini mistral algolia datadog dd',
  'cloudflare cf heroku firebase fcm github gitlab slack sentry fastly newrelic cohere mapbox huggingface hf replicate pinecone groq',
  'tmdb omdb weather giphy pusher shodan virustotal abuseipdb wandb langchain tavily serpapi brave etherscan alchemy infura binance',
  'coinbase bitcoin wallet vault consul okta auth0 dropbox paypal square plaid razorpay shopify contentful airtable notion linear x',
)

/**
 * What the value behind a name is, as far as its words tell: the last noun decides, unless another word says otherwise. A
 * password's field, its length and the page to reset it are no passwords.
 */
export function kindOf(name: string): Kind | undefined {
  const known = kinds.get(name)
  if (known !== undefined) return known || undefined
  const kind = read(name)
  kinds.set(name, kind ?? false)
  return kind
}

/** Texts use the same few names over and over. */
const kinds = new Recent<string, Kind | false>(1_000)

function read(name: string): Kind | undefined {
  const words = (name.normalize('NFC').match(WORDS) ?? []).flatMap(word => unglued(word.toLowerCase()))
  while (words.length > 1 && (neutral.has(words.at(-1)!) || /^[0-9]+$/.test(words.at(-1)!))) words.pop()
  const last = words.at(-1)
  if (last === undefined) return undefined
  if (isHash(last) && words.some(word => nouns.get(word) === 'password')) return 'hash'
  const kind = nouns.get(last)
  if (kind === undefined || words.slice(0, -1).some(word => otherwise.has(word) && !opensAll(words))) return undefined
  return kind === 'key' && !words.slice(0, -1).some(word => opening.has(word)) ? undefined : kind
}

/** Whether a name of several words, one of which is doubtful, is still that of a key that opens something. */
function opensAll(words: readonly string[]): boolean {
  return words.includes('api') || (words.includes('secret') && !words.includes('csrf') && !words.includes('show'))
}

function unglued(word: string): readonly string[] {
  if (nouns.has(word)) return word === 'apikey' || word === 'apikeys' ? ['api', 'key'] : [word]
  if (GLUED_PASS.test(word)) return ['pass']
  const glued = GLUED.exec(word)
  return glued ? [...unglued(glued[1]!), glued[2]!] : [word]
}

function isHash(word: string): boolean {
  return word === 'hash' || word === 'hashed' || word === 'digest' || word === 'encrypted' || word === 'crypt'
}

function set(...lists: readonly string[]): ReadonlySet<string> {
  return new Set(lists.flatMap(list => list.split(' ')))
}

function each(words: string, kind: Kind): [string, Kind][] {
  return words.split(' ').map(word => [word, kind])
}
