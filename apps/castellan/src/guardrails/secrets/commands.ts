import { credibility } from './credibility.ts'
import type { Rule } from './rule.ts'

interface Command {
  /** What must stand in the same line before it. */
  readonly named: RegExp
  readonly literals: readonly string[]
  /** From the literal on; the group is the password. */
  readonly shape: RegExp
}

const table: readonly Command[] = [
  { named: /mysql|mariadb|sshpass|7z|zip/i, literals: [' -p'], shape: / -p['"]?([^\s'"$-][^\s'"]{3,80})/y },
  {
    named: /docker login|podman login|sshpass|mongo|oc login|helm registry|az login|wget|ldap|snmp|htpasswd/i,
    literals: [' -p ', ' -w '],
    shape: / -[pw] {1,3}['"]?([^\s'"$-][^\s'"]{3,80})/y,
  },
  { named: /redis-cli/i, literals: [' -a '], shape: / -a {1,3}['"]?([^\s'"$-][^\s'"]{3,80})/y },
  {
    named: /curl|http|wget|influx|elastic/i,
    literals: [' -u ', ' --user ', ' -u'],
    shape: / (?:-u|--user) {0,3}['"]?[\w.@%+-]{1,64}:([^\s'"$:][^\s'"]{2,120})/y,
  },
  {
    named: /htpasswd/i,
    literals: [' -b', ' -c', ' -n'],
    shape: / -[bcnBm]{1,4} {1,3}(?:[^\s]{1,100} ){1,2}['"]?([^\s'"$-][^\s'"]{3,80})['"]?(?=\s|$)/y,
  },
  {
    named: /net use|runas|psexec/i,
    literals: ['/user:', ' -p '],
    shape: /\/user:\S{1,64} ([^\s/*]{4,64})| -p ([^\s]{4,64})/iy,
  },
]

/** Passwords among the arguments of commands, where no name stands before them. */
export const commands: readonly Rule[] = [...table.map(ruleOf), secureString(), identifiedBy(), passwordFile()]

function ruleOf({ named, literals, shape }: Command): Rule {
  return {
    literals,
    look(text, start) {
      shape.lastIndex = start
      const match = shape.exec(text)
      const password = match?.[1] ?? match?.[2]
      if (!match || password === undefined || !named.test(lineBefore(text, start))) return undefined
      const at = start + match[0].lastIndexOf(password)
      const confidence = credibility(password, 'password', 'setting')
      return confidence === 0 ? undefined : { category: 'password', start: at, end: at + password.length, confidence }
    },
  }
}

/** `ConvertTo-SecureString "…" -AsPlainText`. */
function secureString(): Rule {
  return quoted('convertto-securestring', /ConvertTo-SecureString\s{1,4}(?:-String\s{1,4})?(["'])([^"'\n]{3,200})\1/iy)
}

/** `ALTER USER bob IDENTIFIED BY '…'`. */
function identifiedBy(): Rule {
  return quoted('identified ', /identified (?:with [\w'"]{1,40} )?(?:by|as)\s{1,4}(["'])([^"'\n]{3,200})\1/iy)
}

/** A password in quotes, which are the first group of the shape as it is the second, at the end of it. */
function quoted(literal: string, shape: RegExp): Rule {
  return {
    literals: [literal],
    look(text, start) {
      shape.lastIndex = start
      const match = shape.exec(text)
      const confidence = match ? credibility(match[2]!, 'password', 'literal') : 0
      if (!match || confidence === 0) return undefined
      const end = start + match[0].length - 1
      return { category: 'password', start: end - match[2]!.length, end, confidence }
    },
  }
}

/** A line of `.pgpass`: `host:5432:database:user:password`. */
function passwordFile(): Rule {
  const shape = /:(?:5432|5433|6432|3306):[\w*-]{1,64}:[\w-]{1,64}:([^\s:]{3,100})(?=\s|$)/y
  return {
    literals: [':5432:', ':5433:', ':6432:', ':3306:'],
    look(text, start) {
      shape.lastIndex = start
      const match = shape.exec(text)
      const confidence = match ? credibility(match[1]!, 'password', 'setting') : 0
      if (!match || confidence === 0) return undefined
      const end = start + match[0].length
      return { category: 'password', start: end - match[1]!.length, end, confidence }
    },
  }
}

function lineBefore(text: string, at: number): string {
  const near = text.slice(Math.max(0, at - LONGEST_LINE), at)
  return near.slice(near.lastIndexOf('\n') + 1)
}

const LONGEST_LINE = 200
