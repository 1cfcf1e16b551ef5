import { literalsIn } from '../literal-search.ts'
import { credibility } from './credibility.ts'
import type { Rule } from './rule.ts'

const STRING = String.raw`["'][^"'\n]{1,100}["']`
/** A call that takes user and password, one after the other: `auth=("bob", "…")`, `new NetworkCredential("bob", "…")`. */
const CALL = new RegExp(
  String.raw`(?:basic_?auth|password_?authentication|password_?credentials?|network_?credentials?|basic_?credentials|digest_?auth|auth=|login|authenticate|sign_?in)\s{0,2}\(\s{0,4}(?:[\w.=]{1,40}?)?${STRING}\s{0,4},\s{0,4}(?:[\w]{1,20}=)?["']([^"'\n]{4,200})["']`,
  'iy',
)
/** What people write to each other: `creds: admin / …`, `login is admin:…`. */
const SAID =
  /(?:creds?|credentials?|logins?)(?: (?:is|are|for [\w.-]{1,30}))?[ \t]{0,2}[:=-]?[ \t]{1,3}["'`]?[\w.@-]{2,40}["'`]?[ \t]?[/:|][ \t]?["'`]?([^\s"'`]{6,60})/iy
/** `echo 'bob:…' | chpasswd` */
const PIPED = /echo (?:-e )?["']?[\w.-]{1,32}:([^\s"']{4,100})["']? ?\| ?(?:sudo )?chpasswd/iy

/** Passwords that stand beside their user, and are known by what uses both. */
export const pairs: readonly Rule[] = [
  pair(
    literalsIn(
      'basicauth|basic_auth|passwordauthentication|passwordcredential|password_credential|networkcredential|basiccredentials',
      'digestauth|auth=(|login(|authenticate(|signin(|sign_in(',
    ),
    CALL,
  ),
  pair(literalsIn('cred|login'), SAID),
  pair(['echo '], PIPED),
]

function pair(literals: readonly string[], shape: RegExp): Rule {
  return {
    literals,
    look(text, start) {
      shape.lastIndex = start
      const match = shape.exec(text)
      const password = match?.[1]?.replace(/[.,;)]+$/, '')
      if (!match || password === undefined) return undefined
      // One that has only letters may as well be a second name.
      if (!/[0-9!@#$%^&*]/.test(password) || !/[A-Za-z]/.test(password)) return undefined
      const at = start + match[0].lastIndexOf(password)
      const confidence = credibility(password, 'password', 'literal')
      return confidence === 0 ? undefined : { category: 'password', start: at, end: at + password.length, confidence }
    },
  }
}
