import { isPlaceholder } from './placeholders.ts'
import { looksRandom } from './randomness.ts'
import type { Rule } from './rule.ts'

const BEGIN = /-----BEGIN (?:[A-Z0-9]{1,12} ){0,3}PRIVATE KEY(?: BLOCK)?-----|PuTTY-User-Key-File-[23]: [\w-]{1,40}/y
const END = /-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----|Private-MAC: [a-f0-9]{16,80}/g
/** A stretch of key material, however its lines are told apart: by line ends, `\n` in a string, quotes and pluses, commas. */
const MATERIAL = /[A-Za-z0-9+/]{20,}/
/** The longest keys in use, 16384 bits of RSA, written line by line in some language. */
const LONGEST = 16_384
/** Up to which the first line of key material stands after its beginning: headers such as `Proc-Type` and `Version` between. */
const FIRST_LINE = 400

/**
 * Private keys in PEM, OpenPGP's armour and PuTTY's form, also in one line and cut off before their end. The beginning alone is
 * what programs and documents have that only talk of keys; there must be something of the key itself.
 */
export const privateKeys: Rule = {
  literals: ['-----begin ', 'putty-user-key-file-'],
  look(text, start) {
    BEGIN.lastIndex = start
    if (!BEGIN.test(text)) return undefined
    const after = BEGIN.lastIndex
    const near = text.slice(after, after + LONGEST)
    const other = near.search(/-----BEGIN |PuTTY-User-Key-File-/)
    const rest = other < 0 ? near : near.slice(0, other)
    END.lastIndex = 0
    const end = END.exec(rest)
    const material = MATERIAL.exec(rest.slice(0, Math.min(FIRST_LINE, end?.index ?? FIRST_LINE)))
    if (!material || isPlaceholder(material[0]) || !looksRandom(material[0])) return undefined
    const length = end ? END.lastIndex : cutOff(rest)
    return { category: 'private-key', start, end: after + length, confidence: 0.98 }
  },
}

/** A private key once more in base64, as in the configuration of clusters: `LS0tLS1CRUdJTi…`. */
export const encodedPrivateKeys: Rule = {
  literals: ['ls0tls1crudjti'],
  look(text, start) {
    ENCODED.lastIndex = start
    const encoded = ENCODED.exec(text)?.[0]
    if (encoded === undefined) return undefined
    const begin = Buffer.from(encoded.slice(0, 64), 'base64').toString('latin1')
    if (!/^-----BEGIN [A-Z0-9 ]{0,30}PRIVATE KEY/.test(begin)) return undefined
    return { category: 'private-key', start, end: start + encoded.length, confidence: 0.97 }
  },
}

const ENCODED = /LS0tLS1CRUdJTi[A-Za-z0-9+/]{80,20000}={0,2}/y

/** Where a key without an end stops: after the last of the lines that hold nothing but key material. */
function cutOff(rest: string): number {
  let at = 0
  for (LINE.lastIndex = 0; LINE.test(rest); at = LINE.lastIndex);
  return at === 0 ? rest.length : at
}

const LINE = /(?:\\[rn]|[\s"'+,;|>\\]){0,80}(?:[A-Z][\w-]{2,20}: [^\n\\]{1,80}|[A-Za-z0-9+/=]{16,})/y
