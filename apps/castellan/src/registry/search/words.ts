// Letters that a capital may stand before; all those of scripts without capitals are of this kind.
const SMALL = String.raw`[\p{Ll}\p{Lo}\p{Lm}\p{M}]`
const PART = new RegExp(String.raw`\p{Lu}+(?=\p{Lu}${SMALL})|\p{Lu}?${SMALL}+|[\p{Lu}\p{Lt}]+|\p{N}+`, 'gu')
const COMPOUND = /[\p{L}\p{M}\p{N}]+(?:-[\p{L}\p{M}\p{N}]+)*/gu
const PLAIN = /^[a-z]+$/
const UNSPACED = /^[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{M}\p{Lm}]{3,}$/u
/** What is longer is encoded data, which nobody looks for by heart. */
const LONGEST = 40

/** Words as they are spelled in a text: `create_issue` is two, `createIssue` and `create-issue` are one. */
export function spelledIn(text: string): readonly string[] {
  return text.normalize('NFKC').match(COMPOUND) ?? []
}

/**
 * A word as it is spelled, in the forms in which search compares words: lower case, without the endings of English.
 * `createIssue` is "create" and "issue", and "createissue", so that "GitHub" and "e-mail" are found however they are spelled.
 * Scripts that put no spaces between words are cut into pairs of letters.
 */
export function wordsOf(spelled: string): readonly string[] {
  if (PLAIN.test(spelled)) return wordOf(spelled)
  const parts = spelled.match(PART) ?? []
  const words = parts.flatMap(part => (UNSPACED.test(part) ? pairsOf(part) : wordOf(part)))
  return parts.length > 1 ? [...words, ...wordOf(spelled.replaceAll('-', ''))] : words
}

function wordOf(part: string): readonly string[] {
  return part.length <= LONGEST ? [stem(part.toLowerCase())] : []
}

function pairsOf(part: string): readonly string[] {
  const letters = Array.from(part)
  return letters.slice(1).map((letter, before) => letters[before]! + letter)
}

/**
 * Cuts what English puts at the end of nouns and verbs, so that "searches", "searching" and "searched" are "search". It need
 * not make words, only the same of the same; what it does not know it leaves alone.
 */
function stem(word: string): string {
  if (word.length < 4 || !PLAIN.test(word)) return word
  const single = word.replace(/(?:ies|ied)$/, 'y').replace(/(?<=ss|x|z|ch|sh)es$|(?<![sui])s$/, '')
  const bare = single.replace(/(?<=[aeiouy].*[^e])(?:ing|ed)$/, '')
  const base = bare === single || bare.length < 3 ? single : bare.replace(/([^aeiouylsz])\1$/, '$1')
  return base.replace(/(?<=...)e$/, '')
}
