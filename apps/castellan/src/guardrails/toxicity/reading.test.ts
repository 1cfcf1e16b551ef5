import assert from 'node:assert/strict'
import { test } from 'node:test'
import { categoryAt, kindAt, reading } from './reading.ts'

/** Each word that speaks for hostility, with its category. */
function speaking(text: string): string[] {
  const read = reading(text)
  const { starts, ends, count } = read.words
  return Array.from({ length: count }, (_, word) => word)
    .filter(word => read.priors[word]! > 0)
    .map(word => `${text.slice(starts[word], ends[word])}: ${categoryAt(read, word)}`)
}

function sentences(text: string): string[] {
  const { words, sentences, sentenceCount } = reading(text)
  return Array.from({ length: sentenceCount }, (_, index) =>
    text.slice(words.starts[sentences[index]!], words.ends[sentences[index + 1]! - 1]),
  )
}

test('a text is read in sentences and lines, and never in more than forty words at once', () => {
  assert.deepEqual(sentences('Hello, you. How are 3.5 you?\nFine'), ['Hello, you', 'How are 3.5 you', 'Fine'])
  assert.deepEqual(
    sentences('so '.repeat(100)).map(sentence => sentence.split(' ').length),
    [40, 40, 20],
  )
  assert.deepEqual(sentences(''), [])
})

test('a phrase counts where its words do not', () => {
  assert.deepEqual(speaking('just kill yourself now'), ['yourself: self-harm-encouragement'])
  assert.deepEqual(speaking('kill it yourself'), [])
})

test('a phrase is said in one go', () => {
  for (const text of ['(f) you', 'k = y.s', 'shut | up']) assert.deepEqual(speaking(text), [], text)
  assert.deepEqual(speaking('f you'), ['you: harassment'])
  assert.deepEqual(speaking('k.y.s'), ['s: self-harm-encouragement'])
})

test('an apostrophe between two words makes no third one of them', () => {
  assert.deepEqual(speaking("those who're new, he'll see, and you're welcome"), [])
  assert.deepEqual(speaking("that idiot's dog"), ["idiot's: insult", 'dog: insult'])
})

test('words that are harmless together do not count', () => {
  assert.deepEqual(speaking('the garbage collector met Dick Cheney'), [])
  assert.deepEqual(speaking('you garbage'), ['garbage: insult'])
})

test('a word that is quoted by itself counts less', () => {
  const quoted = reading('he said "idiot" again')
  const said = reading('he said idiot again')
  assert.ok(quoted.priors[2]! < said.priors[2]! / 2)
})

test('words drawn out or run together are of the kind of the word they are made of', () => {
  for (const [word, kind] of [
    ['stuuuuupid', 'belittling'],
    ['loooooser', 'abuse'],
    ['assssshole', 'abuse'],
    ['FUCKEVERYBODY', 'obscenity'],
  ] as const) {
    assert.equal(kindAt(reading(word), 0), kind, word)
  }
  for (const word of ['sniggered', 'wwwww', 'Scunthorpe', 'hmmmm', 'aaaa'])
    assert.equal(kindAt(reading(word), 0), null, word)
})

test('groups are named without speaking for anything', () => {
  assert.deepEqual(speaking('Muslims, Jews, gays, women, Mexicans and disabled people met in Boston'), [])
})
