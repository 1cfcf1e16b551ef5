import { literalsIn } from '../literal-search.ts'
import { isNameAt, isWordAt } from './characters.ts'
import { credibility } from './credibility.ts'
import { kindOf } from './key-names.ts'
import type { Rule } from './rule.ts'
import { type Value, valueAfter } from './values.ts'

/** Characters of a name that are read before and after the word in it that drew attention. */
const BEFORE = 60
const AFTER = 28

/**
 * Secrets behind a name: in code of any language, files of settings, JSON, YAML and XML, query strings, flags of commands, and in
 * what people write to each other. The name says what its value would be, and the value whether it is.
 */
export const assignments: Rule = {
  literals: literalsIn(
    'pass|pwd|pw|psw|psk|secret|token|key|cred|auth|bearer|jwt|salt',
    'kennwort|contraseña|contrasena|senha|wachtwoord|lozinka|hasło|parola|mot de passe|пароль|密码|密碼|パスワード|비밀번호',
  ),
  look(text, start, end) {
    const nameEnd = endOfName(text, end)
    if (nameEnd === undefined || !mayHaveValue(text, nameEnd)) return undefined
    const nameStart = beginningOfName(text, start)
    const kind = kindOf(wholeName(text, nameStart, nameEnd))
    const value = kind && valueAfter(text, nameStart, nameEnd)
    if (!value) return undefined
    const secret = withoutScheme(text, value)
    const confidence = credibility(text.slice(secret.start, secret.end), kind, secret.form)
    const category = kind === 'hash' ? 'password-hash' : kind
    if (confidence > 0) return { category, start: secret.start, end: secret.end, confidence }
    // What stands in quotes may be a text with names and values of its own.
    return value.form === 'literal' || value.form === 'wrapped'
      ? undefined
      : { category, start: nameEnd, end: value.end, confidence }
  },
}

/** Headers say before a token how it is meant; without quotes that word is all of the value that was read. */
function withoutScheme(text: string, value: Value): Value {
  SCHEME.lastIndex = value.start
  if (!SCHEME.test(text)) return value
  const start = SCHEME.lastIndex
  if (start < value.end) return { ...value, start }
  UNSPACED.lastIndex = start
  return UNSPACED.test(text) ? { start, end: UNSPACED.lastIndex, form: 'said' } : value
}

const SCHEME = /(?:bearer|token|bot|api-?key|key|ssws|apitoken)[ \t]{1,4}(?:token=["']?)?/iy
const UNSPACED = /[^\s"'`<>,;]{8,400}/y

/** Whether what comes after a name can be what gives it a value, by its first character. */
function mayHaveValue(text: string, at: number): boolean {
  return at < text.length && ' \t\n"\'`])}\\:=?|!,(>%<-*'.includes(text[at]!)
}

function endOfName(text: string, from: number): number | undefined {
  let end = from
  while (end - from <= AFTER && isNameAt(text, end)) end++
  return end - from > AFTER ? undefined : end
}

function beginningOfName(text: string, from: number): number {
  let start = from
  while (from - start < BEFORE && start > 0 && isNameAt(text, start - 1)) start--
  return start
}

/** Words of a sentence that are read as part of a name, and how long they may be. */
const WORDS_BEFORE = 3
const LONGEST_WORD = 12

/** A name, with the words before it that belong to it when it is written as words: `AWS secret access key: …`. */
function wholeName(text: string, start: number, end: number): string {
  const name = text.slice(start, end)
  // What is said of a password does not change that it is one.
  if (text[start - 1] !== ' ' || /^(?:pass|pwd|secret)/i.test(name)) return name
  let from = start
  for (let words = 0; words < WORDS_BEFORE && text[from - 1] === ' '; words++) {
    let begin = from - 1
    while (from - begin <= LONGEST_WORD && isWordAt(text, begin - 1)) begin--
    if (begin === from - 1 || from - begin > LONGEST_WORD) break
    from = begin
  }
  return text.slice(from, end)
}
