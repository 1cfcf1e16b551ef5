import { isPlaceholder } from './placeholders.ts'
import type { Rule } from './rule.ts'

/** User and password of a URL's authority. The password ends at the last `@` before the host; `/` ends the authority. */
const AUTHORITY = /:\/\/([^\s:/?#@"'`<>|\\]{0,80}):(?![0-9]{1,5}[/?#])([^\s/"'`<>\\]{1,200})@(?=[\w[.{$%-])/y
/** Names of the field, which stand for a password in every other example. */
const FIELD_NAME =
  /^(?:db|my|mysql|pg|redis|mongo|user|the|root|some|smtp|ftp|proxy)?[_-]?(?:pass(?:word|wd)?|pwd?|psw|secret|token)$/i
const NO_PASSWORD =
  /^(?:x-oauth-basic|x-token-auth|\*+|x+|[0-9]{1,5}|[$%{[(:].*|.*[}\])]|user(?:name)?|credentials|key|api_?key)$/i

/** Passwords in URLs and connection strings: `postgres://user:password@host`. */
export const urlCredentials: Rule = {
  literals: ['://'],
  look(text, start) {
    AUTHORITY.lastIndex = start
    const match = AUTHORITY.exec(text)
    if (!match) return undefined
    const [, user = '', password = ''] = match
    if (password === user || FIELD_NAME.test(password) || NO_PASSWORD.test(password)) return undefined
    if (password.length < 3 || isPlaceholder(password)) return undefined
    const at = start + match[0].length - 1 - password.length
    return {
      category: 'url-password',
      start: at,
      end: at + password.length,
      confidence: password.length < 6 ? 0.7 : 0.9,
    }
  },
}
