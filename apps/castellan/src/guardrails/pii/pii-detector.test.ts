import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { viewsOf } from '../views/views-of.ts'
import { innocent, writers } from './fixtures/innocent.ts'
import { type MadeUp, makers } from './fixtures/made-up.ts'
import { Seeded } from './fixtures/seeded.ts'
import { held, type Sentences, tuned } from './fixtures/sentences.ts'
import { piiDetector } from './pii-detector.ts'

/** Values that are put into each sentence. */
const VALUES = 8
/** Texts of each writer. */
const TEXTS = 45

const halves = [
  { name: 'tuned on', sentences: tuned, seed: 11, half: 0 },
  { name: 'never seen while tuning', sentences: held, seed: 12, half: 1 },
] as const

for (const { name, sentences, seed, half } of halves) {
  describe(`in texts ${name}`, () => {
    for (const category of Object.keys(sentences) as MadeUp[]) {
      test(`nearly every ${category} is found where it stands`, () => {
        const { missed, count } = recallOf(category, sentences, new Seeded(seed))
        assert.ok(
          missed.length <= count * (1 - floorOf(category)),
          `${missed.length} of ${count}:\n${missed.join('\n')}`,
        )
      })
    }

    test('hardly any text without personal data is taken for one that has some', () => {
      const texts = innocentTexts(new Seeded(seed), half)
      const wrong = texts.filter(text => found(text).length > 0)
      assert.ok(texts.length > 1_000)
      assert.ok(wrong.length <= texts.length * 0.005, `${wrong.length} of ${texts.length}:\n${wrong.join('\n')}`)
    })
  })
}

describe('what is found', () => {
  const examples: Readonly<Record<string, readonly (readonly [text: string, found: string])[]>> = {
    'cards keep their check, their issuer and their groups': [
      ['4111 1111 1111 1111', 'card'],
      ['4111 1111 1111 1112', ''],
      ['9111111111111111', ''],
      ['1234 4111 1111 1111 1111 5678', ''],
      ['paid with visa 4532 7890 1234 5678', 'card'],
      ['4111-1111 1111-1111', 'card'],
      ['broken over 4111 1111\n1111 1111 lines', 'card'],
    ],
    'social security numbers have areas that are given': [
      ['123-45-6789', 'ssn'],
      ['666-45-6789', ''],
      ['123-00-6789', ''],
      ['912-70-1234', 'itin'],
      ['123456789', ''],
      ['ssn 123456789', 'ssn'],
    ],
    'addresses of the internet are no versions': [
      ['10.0.0.1', 'ip'],
      ['version 10.0.0.1', ''],
      ['1.2.3.4', ''],
      ['host 1.2.3.4', 'ip'],
      ['1.3.6.1.4.1.311', ''],
      ['300.1.2.3', ''],
      ['::ffff:192.0.2.128', 'ip'],
      ['127.0.0.1 and ::1, fe80::/10', ''],
      ['12:30:45', ''],
      ['1) 2001:db8::7', 'ip'],
      ['2) 09:2c:05:a1:d3:32', 'mac'],
      ['std::cout', ''],
    ],
    'e-mail addresses are no files, hosts or packages': [
      ['a.b+c@example.co.uk', 'email'],
      ['jörg@müller.de', 'email'],
      ['name at host dot com', 'email'],
      ['name [at] host [dot] org', 'email'],
      ['logo@2x.png', ''],
      ['left-pad@1.3.0', ''],
      ['git@github.com:a/b.git', ''],
      ['postgres://app:secret@db.example.com/x', ''],
      ['look at example dot com', ''],
    ],
    'phone numbers are told from dates, references and prices': [
      ['(555) 123-4567', 'phone'],
      ['001-234-567-8901x2345', 'phone'],
      ['+44 20 7946 0958', 'phone'],
      ['电话：13812345678', 'phone'],
      ['2024-01-15 10:30', ''],
      ['order 123-456-7890', ''],
      ['2345678901', ''],
      ['123.456.789.0123', ''],
      ['hash = a+2654435769', ''],
      ['call 0.000001', ''],
    ],
    'wallets keep their checks': [
      ['1) 0x9edac7f2649fd41d6820744b9b340703369b7e9f', 'eth-address'],
      ['1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2', 'btc-address'],
      ['1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN3', ''],
      ['bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4', 'btc-address'],
      ['bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t5', ''],
    ],
    'numbers without a check are what the words before them say': [
      ['passport no. 123456789', 'passport'],
      ['MRN: 00123456', 'medical-record'],
      ["Driver's license F255-9215-0094", 'driver-licence'],
      ['bank account 1234567890', 'bank-account'],
      ['1234567890', ''],
    ],
    'days of birth and houses are only believed where they are certain': [
      ['DOB: 03/15/1985', 'date-of-birth'],
      ['date of birth March 15, 1985', 'date-of-birth'],
      ['on 03/15/1985', ''],
      ['123 Main Street, Springfield, IL 62704', 'street-address'],
      ['ran 10 miles down the road', ''],
    ],
    'tax and health numbers keep their checks': [
      ['RSSMRA85T10A562S', 'it-codice-fiscale'],
      ['RSSMRA85T10A562T', ''],
      ['S1234567D', 'sg-nric'],
      ['11.222.333/0001-81', 'br-cnpj'],
      ['ABN 51 824 753 556', 'au-abn'],
    ],
  }
  for (const [promise, rows] of Object.entries(examples)) {
    test(promise, () => {
      const seen = rows.map(([text]) => [
        text,
        found(text)
          .map(({ category }) => category)
          .join(' '),
      ])
      assert.deepEqual(seen, rows)
    })
  }

  test('what is encoded, entered as entities or made invisible is found where it stands in the given text', () => {
    for (const written of [
      'john%40example.com',
      'john&#64;example.com',
      'jo\u200bhn@example.com',
      'ｊｏｈｎ＠ｅｘａｍｐｌｅ．ｃｏｍ',
      'john@<b>example</b>.com',
      Buffer.from('write to john@example.com').toString('base64'),
    ]) {
      const text = `see ${written} there`
      const [finding] = found(text)
      assert.equal(finding?.category, 'email', text)
      assert.ok(finding.start >= 4 && finding.end <= 4 + written.length, text)
    }
  })

  test('a code that begins with an accent is read like any other word', () => {
    assert.deepEqual(piiDetector.find(viewsOf('passport: é1234567, account at the bank: ü12')), [])
  })

  test('nothing is reported twice, whichever views it is in', () => {
    const text = 'a**b**c john@example.com &amp; 4111 1111 1111 1111 <i>and</i> 10.1.2.30'
    assert.deepEqual(
      found(text).map(({ start, end }) => text.slice(start, end)),
      ['john@example.com', '4111 1111 1111 1111', '10.1.2.30'],
    )
  })
})

function found(text: string) {
  return piiDetector.find(viewsOf(text))
}

function floorOf(category: MadeUp): number {
  return category.startsWith('phone') ? 0.9 : 0.97
}

function recallOf(category: MadeUp, sentences: Sentences, chance: Seeded) {
  const missed: string[] = []
  let count = 0
  for (const sentence of sentences[category] ?? []) {
    for (let time = 0; time < VALUES; time++) {
      const value = makers[category](chance)
      const text = sentence.replace('{}', () => value)
      const start = sentence.indexOf('{}')
      const end = start + value.length
      const wanted = category.replace(/-(?:abroad|bare)$/, '')
      count++
      const hit = found(text).some(it => it.category === wanted && it.start < end && it.end > start)
      if (!hit) missed.push(text)
    }
  }
  return { missed, count }
}

function innocentTexts(chance: Seeded, half: number): string[] {
  const texts = innocent.filter((_, index) => index % 2 === half)
  for (const write of Object.values(writers)) for (let time = 0; time < TEXTS; time++) texts.push(write(chance))
  return texts
}
