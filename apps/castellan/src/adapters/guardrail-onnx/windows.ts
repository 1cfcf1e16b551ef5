interface Encoded {
  readonly start: number
  readonly end: number
  readonly ids: readonly number[]
}

/**
 * The text in stretches that have at most so many tokens, one after the other, each beginning an eighth of a stretch before the
 * last one ended: what stands where one ends is seen in the next. They are cut between words, and within a word that is too long.
 */
export function* windowsOf(
  text: string,
  longest: number,
  encode: (text: string) => readonly number[],
): Generator<Encoded> {
  // How many characters fit is learned as one goes; words of most languages have more than a token for four letters.
  let length = longest * 4
  for (let start = 0; start < text.length;) {
    let end = cut(text, start, start + length)
    let ids = encode(text.slice(start, end))
    while (ids.length > longest && end - start > 2) {
      length = Math.max(2, Math.floor(((end - start) * longest * 0.9) / ids.length))
      end = cut(text, start, start + length)
      ids = encode(text.slice(start, end))
    }
    yield { start, end, ids: ids.slice(0, longest) }
    if (end >= text.length) return
    const next = cut(text, start, end - Math.floor((end - start) / 8))
    start = next > start ? next : end
  }
}

/** The last end of a word before a place; the place itself, or the one before it in a surrogate pair, where no word ends near. */
function cut(text: string, from: number, at: number): number {
  if (at >= text.length) return text.length
  const space = Math.max(text.lastIndexOf(' ', at - 1), text.lastIndexOf('\n', at - 1)) + 1
  if (space > from + (at - from) / 2) return space
  return (text.codePointAt(at - 1) ?? 0) > 0xffff && at - 1 > from ? at - 1 : at
}
