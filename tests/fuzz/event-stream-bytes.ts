import assert from 'node:assert/strict'
import fc from 'fast-check'
// The reader is no port of its folder's, and what it must survive belongs to no single file.
import { eventStream } from '../../apps/castellan/src/adapters/connector-mcp/event-stream.ts'
import { type Target, trial } from './target.ts'

export const eventStreamBytes: Target = {
  name: 'event-stream-bytes',
  promise: 'an event stream of a server says the same wherever it is cut, and no stream grows beyond its bound',
  runs: 150,
  open: () =>
    trial(
      fc.oneof(
        valid.map(given => ({ is: 'valid' as const, given })),
        hostile.map(given => ({ is: 'hostile' as const, given })),
      ),
      input => {
        if (input.is === 'valid') saysTheSame(input.given)
        else staysWithin(input.given)
      },
    ),
}

interface Event {
  readonly id: string | null
  readonly name: string | null
  readonly lines: readonly string[]
  /** What is no part of it: comments, unknown fields, a wait. */
  readonly aside: string | null
}

function saysTheSame({ events, newline, mark, cuts }: ValidStream): void {
  const blocks = events.map(({ id, name, lines, aside }) => {
    const fields = [
      ...(aside === null ? [] : [aside]),
      ...(id === null ? [] : [`id: ${id}`]),
      ...(name === null ? [] : [`event:${name}`]),
      ...lines.map(line => `data: ${line}`),
      '',
      '',
    ]
    return fields.join(newline)
  })
  // A carriage return counts once it is clear that no line feed follows, which the parser sees in the next line.
  const text = `${mark ? '\ufeff' : ''}${blocks.join('')}:${newline}`
  const expected = events
    .filter(({ lines }) => lines.length > 0)
    .map(({ id, name, lines }) => ({ id, name, data: lines.join('\n') }))
  assert.deepEqual(heard(pieces(Buffer.from(text), cuts), Number.MAX_SAFE_INTEGER).events, expected)
}

function staysWithin({ bytes, cuts, max }: HostileStream): void {
  const { events, verdicts } = heard(pieces(bytes, cuts), max)
  for (const { data } of events) assert.ok(data.length <= max, `an event of ${data.length} characters came through`)
  const gaveUp = verdicts.indexOf(false)
  assert.ok(gaveUp === -1 || !verdicts.includes(true, gaveUp), 'it went on after it had given up')
}

function heard(chunks: readonly Buffer[], max: number) {
  const events: { id: string | null; name: string | null; data: string }[] = []
  const feed = eventStream(max, {
    event: ({ id = null, event: name = null, data }) => void events.push({ id, name, data }),
    retry: milliseconds => assert.ok(milliseconds >= 0, String(milliseconds)),
  })
  const verdicts = chunks.map(chunk => feed(chunk))
  return { events, verdicts }
}

/** Cut at these places; at every byte when there are none. */
function pieces(bytes: Buffer, cuts: readonly number[] | null): Buffer[] {
  const places = cuts?.map(cut => cut % (bytes.length + 1)).toSorted((a, b) => a - b) ?? [...bytes.keys()]
  return [0, ...places].map((from, index) => bytes.subarray(from, places[index] ?? bytes.length))
}

type ValidStream = typeof valid extends fc.Arbitrary<infer Stream> ? Stream : never
type HostileStream = typeof hostile extends fc.Arbitrary<infer Stream> ? Stream : never

const character = fc.constantFrom(...'a{}":, 0\t\u00e4\u4f60\u{1f600}\ufeff\u2028'.match(/./gsu)!)
// The first space after the colon is no part of a value, so a value may well begin with one.
const line = fc.string({ unit: character, maxLength: 20 })
const word = fc.string({ unit: fc.constantFrom('a', 'b', 'c', '-', '0', '9'), minLength: 1, maxLength: 6 })
const cuts = fc.oneof(fc.constant(null), fc.array(fc.nat(5_000), { maxLength: 12 }))

const valid = fc.record({
  events: fc.array(
    fc.record<Event>({
      id: fc.option(word),
      name: fc.option(word),
      lines: fc.array(line, { maxLength: 3 }).filter(lines => lines.join('\n') !== '' || lines.length === 0),
      aside: fc.option(
        fc.oneof(
          line.map(text => `:${text}`),
          word.map(name => `x${name}: y`),
          fc.nat(9_999).map(wait => `retry: ${wait}`),
        ),
      ),
    }),
    { maxLength: 5 },
  ),
  newline: fc.constantFrom('\n', '\r\n', '\r'),
  mark: fc.boolean(),
  cuts,
})

const hostile = fc.record({
  bytes: fc
    .array(
      fc.oneof(
        fc
          .constantFrom(
            'data: ',
            'data',
            'id:',
            'event: x',
            'retry: 99999999999999999999',
            'retry: -1',
            '\n',
            '\r',
            '\r\n',
            '\n\n',
            ':',
            '\0',
            '\ufeff',
          )
          .map(text => Buffer.from(text)),
        fc.nat(3_000).map(length => Buffer.alloc(length, 'x')),
        fc.uint8Array({ maxLength: 10 }).map(bytes => Buffer.from(bytes)),
      ),
      { maxLength: 30 },
    )
    .map(parts => Buffer.concat(parts)),
  max: fc.constantFrom(16, 100, 4_096),
  cuts,
})
