import fc from 'fast-check'

/** Text that a JSON writer would never write, by the string that stands for it in a value. */
const RAW = /"RAW ([^"]*) RAW"/g

function raw(text: string): string {
  return `RAW ${Buffer.from(text).toString('base64')} RAW`
}

/** The JSON text of a value, with {@link oddValue}s that no writer would write put in as they are. */
export function written(value: unknown): string {
  return (JSON.stringify(value) ?? '').replaceAll(RAW, (_, text: string) => Buffer.from(text, 'base64').toString())
}

const odd: readonly unknown[] = [
  null,
  true,
  false,
  0,
  -1,
  1,
  1.5,
  1e21,
  2 ** 53,
  Number.MIN_VALUE,
  '',
  ' ',
  '1',
  '0',
  'x',
  '__proto__',
  'constructor',
  'toString',
  '\u0000',
  '\u001b[2J\r\n',
  '\u2028',
  '\u{1f600}',
  '../../etc/passwd',
  '%00',
  'x'.repeat(10_000),
  [],
  {},
  [[]],
  [null],
  { '': null },
  nested(100),
  nested(127),
  nested(200),
  ...[
    '1e400',
    '-0',
    '-1e999',
    '12345678901234567890123',
    '01',
    '1.',
    'NaN',
    'undefined',
    "'x'",
    '[1,]',
    '{"a":1,}',
  ].map(raw),
  ...[
    '"\\ud800"',
    '"\\udc00\\ud800"',
    '"\t"',
    '{"a":1,"a":2}',
    '{"__proto__":{"polluted":true}}',
    '/**/1',
    '\ufeff1',
  ].map(raw),
  raw('['.repeat(10_000) + ']'.repeat(10_000)),
]

/** What may stand anywhere in a hostile message. */
export const oddValue: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...odd) },
  { weight: 1, arbitrary: fc.jsonValue({ maxDepth: 2, stringUnit: 'binary' }) },
)

function nested(levels: number): unknown {
  let value: unknown = 1
  for (let level = 0; level < levels; level++) value = level % 2 === 0 ? [value] : { a: value }
  return value
}
