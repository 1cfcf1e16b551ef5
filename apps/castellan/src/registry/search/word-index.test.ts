import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { WordIndex } from './word-index.ts'

describe('a word', () => {
  test('is worth more in a field of more weight', () => {
    const [name, description] = scores('issue', [['issue', 'thing'], ['thing', 'issue']]) // prettier-ignore
    assert.ok(name! > description! && description! > 0)
  })

  test('is worth more in a shorter text, and more the more often it is there', () => {
    const [short, long, often] = scores('disk', [['', 'disk'], ['', 'disk and a lot more of it'], ['', 'disk disk disk']]) // prettier-ignore
    assert.ok(short! > long! && often! > short!)
  })

  test('is worth more the rarer it is', () => {
    const documents = [['list pods', ''], ['list nodes', ''], ['list issues', '']] // prettier-ignore
    const [pods] = scores('pods', documents)
    const [list] = scores('list', documents)
    assert.ok(pods! > list!)
  })

  test('that begins like the one asked for counts less than that one itself, and counts once', () => {
    const [exact, longer] = scores('port', [['port', ''], ['portfolio', '']]) // prettier-ignore
    const [once] = scores('port', [['port portfolio', '']])
    const [alone] = scores('port', [['port house', '']])
    assert.ok(exact! > longer! && longer! > 0)
    assert.equal(once, alone)
  })

  test('of one or two letters stands for no longer one', () => {
    assert.deepEqual(scores('po', [['port', '']]), [0])
  })

  test('is counted up to a bound, and no more for it', () => {
    const [some] = scores('a', [['a '.repeat(63), '']])
    const [many] = scores('a', [['a '.repeat(5_000), '']])
    assert.equal(some, many)
  })
})

describe('a score', () => {
  test('is the same whether there are other documents or not, as long as they are not shown', () => {
    const alone = new WordIndex([2, 1])
    const mine = [alone.add(['read file', 'secret']), alone.add(['write file', ''])]
    const shared = new WordIndex([2, 1])
    shared.add(['secret payroll', 'read the file of every secret'])
    const same = [shared.add(['read file', 'secret']), shared.add(['write file', ''])]
    const view = shared.show(same)
    shared.add(['secrets', 'secret files'])
    for (const query of ['secret', 'file', 'sec', 'read payroll']) {
      const known = alone.scores(query, alone.show(mine))
      const seen = shared.scores(query, view)
      assert.deepEqual(same.map(document => seen[document]), mine.map(document => known[document])) // prettier-ignore
    }
  })

  test('is the same to the last digit, whatever was read before', () => {
    const words = Array.from({ length: 31 }, (_, at) => `order${'x'.repeat(at)}`)
    const texts = words.map((_, from) => words.slice(from).map((word, at) => `${word} `.repeat(1 + (at % 7))).join(' ')) // prettier-ignore
    const scoresAfter = (before: readonly string[]) => {
      const index = new WordIndex([0.1, 0.7])
      index.add([before.join(' '), ''])
      const documents = texts.map(text => index.add([text, text]))
      return index.scores('ord', index.show(documents)).join(' ')
    }
    const orders = words.slice(1).map((_, step) => words.map((_, at) => words[(at * (step + 1)) % words.length]!))
    assert.equal(new Set(orders.map(scoresAfter)).size, 1)
  })

  test('is that of BM25F', () => {
    const index = new WordIndex([2, 1])
    const shown = index.show([index.add(['read', 'file file']), index.add(['write it', 'x'])])
    // Lengths: 1 and 2 words in the first field, 2 and 1 in the second; 1.5 on average in both.
    const frequency = 2 / (0.25 + (0.75 * 2) / 1.5)
    const expected = Math.log(1 + (2 - 1 + 0.5) / (1 + 0.5)) * (frequency / (1.2 + frequency))
    assert.ok(Math.abs(index.scores('files', shown)[0]! - expected) < 1e-12)
  })

  test('of nothing is nothing', () => {
    const index = new WordIndex([2, 1])
    assert.deepEqual([...index.scores('a', index.show([]))], [])
    assert.deepEqual(scores('', [['a', '']]), [0])
    assert.deepEqual(scores('?!', [['a', '']]), [0])
  })
})

function scores(query: string, documents: readonly (readonly string[])[]): number[] {
  const index = new WordIndex([2, 1])
  const added = documents.map(document => index.add(document))
  return [...index.scores(query, index.show(added))]
}
