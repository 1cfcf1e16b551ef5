import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import type { Views } from '../view.ts'
import { viewsOf } from '../views/views-of.ts'
import { toxicityDetector } from './index.ts'

const detector = toxicityDetector()

/** A text that can be read in one way only. */
function asGiven(text: string): Views {
  return { text, all: [{ text, through: [], original: (start, end) => ({ start, end }) }], hidden: [] }
}

function found(text: string): string[] {
  return detector.find(asGiven(text)).map(({ category, start, end }) => `${category}: ${text.slice(start, end)}`)
}

describe('hostility is found', () => {
  const hostile: readonly (readonly [text: string, found: string])[] = [
    ['I read your report twice. You are such a moron, really.', 'insult: moron'],
    ['The rules are clear. Go kill yourself.', 'self-harm-encouragement: kill yourself'],
    ['If you come back I will kill you and your dog.', 'threat: I will kill you'],
    ['Nobody here asked. Shut the fuck up.', 'harassment: Shut the fuck up'],
    ['Hey sweetie, send nudes or leave.', 'sexual: send nudes'],
    ['Those people are subhuman and everyone knows it.', 'hate: subhuman'],
    ['What a piece of shit he is.', 'insult: piece of shit'],
    ['Eres un gilipollas de primera.', 'insult: gilipollas'],
    ['Заткнись, дебил.', 'insult: дебил'],
  ]
  for (const [text, expected] of hostile) {
    test(text, () => assert.ok(found(text).includes(expected), found(text).join(', ') || 'nothing'))
  }
})

describe('words that are written in disguise are found where they stand', () => {
  for (const [text, expected] of [
    ['Well, f*ck you and your friends.', 'f*ck you'],
    ['You absolute a$$hole, stay away.', 'a$$hole'],
    ['what a b**** she is', 'b****'],
  ] as const) {
    test(text, () =>
      assert.ok(
        found(text).some(finding => finding.endsWith(`: ${expected}`)),
        found(text).join(', '),
      ),
    )
  }
})

describe('what only sounds hostile is left alone', () => {
  for (const text of [
    'Kill the child processes before the parent dies, then abort the master.',
    'The garbage collector is dumb but fast.',
    'As a gay Muslim woman from Mexico I felt welcome there.',
    'Black and Jewish families moved to the street, and so did many immigrants.',
    'The police said that the man had been shot dead by his wife.',
    'Please visit Scunthorpe, Penistone and Cockermouth.',
    'She was called an "idiot" by the minister.',
    'Vice president Dick Cheney shot a quail hunter.',
    'We destroyed them in the second half, what a killer goal!',
    'I disagree with you completely, and I will say so at the meeting.',
  ]) {
    test(text, () => assert.deepEqual(found(text), []))
  }
})

describe('technical writing is left alone', () => {
  for (const text of [
    'type',
    '- Type: Boolean | String',
    '{ "type": ["number", "boolean"] }',
    '| Name | Type | Default |\n| --- | --- | --- |\n| cache | `boolean` | `true` |',
    'You can also use a pool, and you should almost always do so.',
    'If you call it twice, your second call waits for the first one.',
    "Details for those who're interested; he'll add more, and you'll see.",
    'call (xxx) xxx-xxxx',
    "matches('azzz', 'a*(z)')",
    'src/a**/*.ts, password=s***, p***',
    '(F) You wrote a range that ends before it begins.',
    'k = y.s',
    'The lie package is a small promise.',
    'Thanks to Shelley Vohr and Dick Sites for their reviews.',
  ]) {
    test(text.replaceAll('\n', ' '), () => assert.deepEqual(found(text), []))
  }
})

test('of about 150 mails, tickets, news and answers of assistants, of which none was learned, three at most are found hostile', () => {
  const texts = readFileSync(join(import.meta.dirname, 'fixtures/ordinary.txt'), 'utf8').split(/\n{2,}/)
  assert.ok(texts.length > 140)
  const hostile = texts.filter(text => detector.find(viewsOf(text)).length > 0)
  assert.ok(hostile.length <= 3, hostile.join('\n'))
})

test('a sentence that speaks to somebody and says nothing hostile is never hostile, whatever was learned', () => {
  const words = 'type case value will must see possible always almost just use specific ecosystem real require'.split(
    ' ',
  )
  for (const one of words) for (const other of words) assert.deepEqual(found(`You ${one} your ${other}`), [])
})

test('of two sentences only the hostile one is found', () => {
  const text = 'Thank you for the fish. You are a worthless idiot. See you on Monday!'
  assert.deepEqual(found(text), ['insult: idiot'])
})

test('a hostile sentence without a telling word is found as a whole', () => {
  const text = 'I looked at the page. Nobody would shed a tear if you disappeared tomorrow. Good night.'
  assert.deepEqual(found(text), ['harassment: Nobody would shed a tear if you disappeared tomorrow'])
})

test('a finding in a changed text is where it was in the given one', () => {
  const text = 'say: sh1thead!'
  const views: Views = {
    text,
    all: [
      ...asGiven(text).all,
      {
        text: 'shithead',
        through: ['plain-letters'],
        original: (start, end) => ({ start: start + 5, end: end + 5 }),
      },
    ],
    hidden: [],
  }
  const [finding, ...more] = detector.find(views)
  assert.deepEqual(more, [])
  assert.equal(text.slice(finding!.start, finding!.end), 'sh1thead')
  assert.ok(finding!.confidence > 0.5 && finding!.confidence <= 1)
})

test('what is seen in two ways is reported once', () => {
  const text = 'you fucking idiot'
  const twice = [...asGiven(text).all, { ...asGiven(text).all[0]!, through: ['normalised' as const] }]
  assert.deepEqual(detector.find({ text, all: twice, hidden: [] }), detector.find(asGiven(text)))
})

test('a text of insults only has no end of findings, and is still read in bounds', () => {
  assert.equal(detector.find(asGiven('you idiot. '.repeat(10_000))).length, 1_000)
})

test('nothing is found in nothing', () => {
  for (const text of ['', ' ', '...', '*', '$$$', '\ud800']) assert.deepEqual(found(text), [])
})
