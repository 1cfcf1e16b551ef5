/** Words that are written with some letters hidden; longer forms of them are recognised by how they begin. */
const hidden = `
  fuck fucks fucked fucker fuckers fucking fuckin motherfucker motherfuckers motherfucking shit shits shitty bullshit bitch bitches
  cunt cunts asshole assholes ass asses arsehole bastard bastards whore whores slut sluts dick dicks cock pussy nigger niggers nigga
  niggas faggot faggots fag retard retarded damn piss tits crap idiot moron stupid kill rape twat prick wanker dumbass jackass
`
  .trim()
  .split(/\s+/)

/** Those that are known by their first letter alone; of any other word a reader, too, has to see more. */
const famous = new Set(hidden.filter(word => /^(?:fuck|shit|bitch|cunt|ass)/.test(word)))

/** By length and first letter. */
const candidates = Map.groupBy(hidden, word => `${word.length}${word[0]}`)

const LONGEST = Math.max(...hidden.map(({ length }) => length))

/** Signs of paths, patterns and programs. */
const CODE = '/\\=+{}[]|^%&`\'"0123456789'

/** Signs that hide any letter, and signs that look like the letter they stand for. */
const HIDES = '*#'
const looksLike: Readonly<Record<string, string>> = { $: 's', '@': 'a' }
const signs = [...HIDES.split(''), ...Object.keys(looksLike)]

/**
 * The text with words such as `f*ck`, `b****` and `a$$` written out, each letter where its sign stood, so that offsets stay; the very
 * text when there are none. Where several words fit, the one that is listed first is taken.
 */
export function unmasked(text: string): string {
  let result = ''
  let copied = 0
  const next = signs.map(sign => indexFrom(text, sign, 0))
  for (let at = Math.min(...next); at < text.length; at = Math.min(...next)) {
    let end = at + 1
    if (isLetter(text.charCodeAt(at - 1)) || isLetter(text.charCodeAt(at + 1))) {
      let start = at
      while (start > copied && at - start <= LONGEST && isPart(text, start - 1)) start--
      while (end < text.length && isPart(text, end)) end++
      const word = end - start <= LONGEST ? written(text.slice(start, end)) : null
      if (word !== null && standsFree(text, start, end)) {
        result += text.slice(copied, start) + word
        copied = end
      }
    }
    for (const [index, sign] of signs.entries()) if (next[index]! < end) next[index] = indexFrom(text, sign, end)
  }
  return copied === 0 ? text : result + text.slice(copied)
}

/** Where a sign comes next; the length of the text when it does not. */
function indexFrom(text: string, sign: string, from: number): number {
  const at = text.indexOf(sign, from)
  return at < 0 ? text.length : at
}

function written(masked: string): string | null {
  const word = masked.toLowerCase()
  const first = looksLike[word[0]!] ?? word[0]
  const fitting = candidates.get(`${word.length}${first}`)
  return fitting?.find(candidate => isShown(word, candidate)) ?? null
}

/** Whether a word may be what is hidden, and enough of it is seen. */
function isShown(word: string, candidate: string): boolean {
  let seen = 0
  for (const [at, sign] of word.split('').entries()) {
    if (!stands(sign, candidate[at]!)) return false
    if (!HIDES.includes(sign)) seen++
  }
  return seen > 1 || famous.has(candidate)
}

/** Whether what is around is prose: `/src/a**`, `a**=1` and `${s***}` hide no word. */
function standsFree(text: string, start: number, end: number): boolean {
  return !CODE.includes(text[start - 1] ?? ' ') && !CODE.includes(text[end] ?? ' ') && text[end] !== '('
}

function stands(sign: string, letter: string): boolean {
  return sign === letter || HIDES.includes(sign) || looksLike[sign] === letter
}

function isPart(text: string, at: number): boolean {
  const unit = text.charCodeAt(at)
  return isLetter(unit) || isSign(unit)
}

function isSign(unit: number): boolean {
  return unit === 0x2a || unit === 0x23 || unit === 0x24 || unit === 0x40
}

function isLetter(unit: number): boolean {
  return (unit >= 0x61 && unit <= 0x7a) || (unit >= 0x41 && unit <= 0x5a)
}
