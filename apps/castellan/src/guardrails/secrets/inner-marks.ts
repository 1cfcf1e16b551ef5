import { beginsToken } from './characters.ts'
import { isPlaceholder } from './placeholders.ts'
import { looksRandom } from './randomness.ts'
import type { Rule } from './rule.ts'

interface Marked {
  readonly category: string
  readonly mark: string
  /** What stands before the mark, one character of it, and how many there are at most. */
  readonly before: RegExp
  readonly most: number
  readonly shape: RegExp
}

/** Tokens that are known by something in their middle or at their end, because they begin like any other. */
const table: readonly Marked[] = [
  {
    category: 'password-hash',
    mark: ':::',
    before: /[a-fA-F0-9:]/,
    most: 65,
    shape: /[a-fA-F0-9]{32}:[a-fA-F0-9]{32}:::/y,
  },
  {
    category: 'azure-client-secret',
    mark: 'q~',
    before: /[\w.~-]/,
    most: 4,
    shape: /[\w.~-]{3}[0-9]Q~[\w.~-]{31,34}/y,
  },
  { category: 'telegram-token', mark: ':aa', before: /[0-9]/, most: 10, shape: /[0-9]{8,10}:AA[\w-]{32,33}(?!\w)/y },
  {
    category: 'firebase-server-key',
    mark: ':apa91b',
    before: /[\w-]/,
    most: 11,
    shape: /[\w-]{11}:APA91b[\w-]{120,150}/y,
  },
  { category: 'mailchimp-key', mark: '-us', before: /[a-f0-9]/, most: 32, shape: /[a-f0-9]{32}-us[0-9]{1,2}(?!\w)/y },
  { category: 'newrelic-key', mark: 'nral', before: /[A-Za-z0-9]/, most: 36, shape: /[A-Fa-f0-9]{30,36}NRAL(?!\w)/y },
  { category: 'terraform-token', mark: '.atlasv1.', before: /\w/, most: 14, shape: /\w{14}\.atlasv1\.[\w-]{50,70}/y },
  {
    category: 'azure-devops-token',
    mark: 'azdo',
    before: /[A-Za-z0-9]/,
    most: 76,
    shape: /[A-Za-z0-9]{76}AZDO\w{4}(?!\w)/y,
  },
  { category: 'azure-storage-key', mark: '+ast', before: /[\w+/]/, most: 76, shape: /[\w+/]{76}\+ASt[\w+/]{6}==/y },
  { category: 'azure-cosmos-key', mark: 'acdb', before: /[\w+/]/, most: 76, shape: /[\w+/]{76}ACDb[\w+/]{6}==/y },
  {
    category: 'facebook-app-token',
    mark: '|',
    before: /[0-9]/,
    most: 17,
    shape: /[0-9]{13,17}\|[\w-]{24,32}(?![\w-])/y,
  },
]

export const innerMarks: readonly Rule[] = table.map(({ category, mark, before, most, shape }) => ({
  literals: [mark],
  look(text, at) {
    let start = at
    while (at - start < most && start > 0 && before.test(text[start - 1]!)) start--
    if (!beginsToken(text, start)) return undefined
    shape.lastIndex = start
    const token = shape.exec(text)?.[0]
    if (token === undefined || isPlaceholder(token) || !looksRandom(token)) return undefined
    return { category, start, end: start + token.length, confidence: 0.95 }
  },
}))
