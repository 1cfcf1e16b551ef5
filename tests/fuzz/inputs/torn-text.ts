import fc from 'fast-check'

/** The bytes of texts, most as they are, some with a few bytes changed, put in, left out or cut off. */
export function torn(texts: fc.Arbitrary<string>): fc.Arbitrary<Buffer> {
  const tear = fc.record({
    at: fc.nat(100_000),
    how: fc.constantFrom('put', 'leave out', 'cut', 'double' as const),
    bytes: fc.oneof(
      fc.uint8Array({ minLength: 1, maxLength: 4 }).map(bytes => Buffer.from(bytes)),
      fc
        .constantFrom('"', '\\', '{', '}', '[', ']', ',', ':', '\0', '\n', '\u00ff', '\ufeff', '0')
        .map(text => Buffer.from(text)),
    ),
  })
  const tears = fc.oneof(
    { weight: 3, arbitrary: fc.constant([]) },
    { weight: 1, arbitrary: fc.array(tear, { maxLength: 3 }) },
  )
  return fc.tuple(texts, tears).map(([text, tears]) =>
    tears.reduce(
      (bytes, { at, how, bytes: given }) => {
        const place = bytes.length === 0 ? 0 : at % bytes.length
        const [before, after] = [bytes.subarray(0, place), bytes.subarray(place)]
        switch (how) {
          case 'put':
            return Buffer.concat([before, given, after])
          case 'leave out':
            return Buffer.concat([before, after.subarray(given.length)])
          case 'cut':
            return before
          case 'double':
            return Buffer.concat([before, after.subarray(0, 40), after])
          default:
            throw how satisfies never
        }
      },
      Buffer.from(text) as Buffer,
    ),
  )
}
