import { literalsIn } from '../literal-search.ts'
import type { Rule } from './rule.ts'

const SALTED = String.raw`[./A-Za-z0-9]`
const SHAPE = new RegExp(
  [
    String.raw`\$2[abxy]\$[0-9]{2}\$${SALTED}{53}`,
    String.raw`\$(?:1|apr1)\$${SALTED}{1,8}\$${SALTED}{22}`,
    String.raw`\$5\$(?:rounds=[0-9]{1,9}\$)?${SALTED}{1,16}\$${SALTED}{43}`,
    String.raw`\$6\$(?:rounds=[0-9]{1,9}\$)?${SALTED}{1,16}\$${SALTED}{86}`,
    String.raw`\$(?:y|gy|7)\$${SALTED}{1,32}\$${SALTED}{1,86}\$${SALTED}{43}`,
    String.raw`\$argon2(?:id|i|d)\$v=[0-9]{1,3}\$m=[0-9]{1,9},t=[0-9]{1,4},p=[0-9]{1,3}\$[A-Za-z0-9+/]{8,88}\$[A-Za-z0-9+/]{16,172}`,
    String.raw`\$(?:scrypt|s0)\$[\w=,]{1,40}\$[A-Za-z0-9+/=]{8,88}\$[A-Za-z0-9+/=]{16,172}`,
    String.raw`\$pbkdf2(?:-sha(?:1|256|512))?\$[0-9]{1,9}\$[./A-Za-z0-9]{8,88}\$[./A-Za-z0-9]{16,172}`,
    String.raw`\$P\$${SALTED}{31}`,
    String.raw`pbkdf2_sha(?:1|256)\$[0-9]{1,9}\$[A-Za-z0-9]{4,64}\$[A-Za-z0-9+/]{27,88}={0,2}`,
    String.raw`(?:pbkdf2|scrypt):[a-z0-9:]{3,30}\$[A-Za-z0-9]{4,64}\$[a-f0-9]{40,128}`,
    String.raw`\{(?:SSHA(?:256|512)?|SHA|SHA256|SHA512|CRYPT|SMD5)\}[A-Za-z0-9+/$.]{16,120}={0,2}`,
  ].join('|'),
  'y',
)

/** What is kept of passwords in `/etc/shadow`, `.htpasswd`, LDAP and the tables of applications: slow to turn back, yet it can be. */
export const passwordHashes: Rule = {
  literals: literalsIn(
    '$2a$|$2b$|$2x$|$2y$|$1$|$5$|$6$|$apr1$|$y$|$gy$|$7$|$argon2|$scrypt$|$s0$|$p$|$pbkdf2',
    'pbkdf2_sha|pbkdf2:|scrypt:|{ssha|{sha|{crypt}|{smd5}',
  ),
  look(text, start) {
    SHAPE.lastIndex = start
    const hash = SHAPE.exec(text)?.[0]
    if (hash === undefined || /([./xX])\1{7}/.test(hash)) return undefined
    return { category: 'password-hash', start, end: start + hash.length, confidence: 0.9 }
  },
}
