/** What ends a word: everything that is neither a letter nor a digit, and pictures. */
export const BREAK = 0
/** What stands inside of words and says nothing: the apostrophe of "don't". */
export const JOINT = 1

/** Where letters have capitals or accents: Latin, Greek, Cyrillic, and Latin with more accents. */
const accented = [
  [0x41, 0x300],
  [0x370, 0x530],
  [0x1e00, 0x1f00],
] as const

/** Where every letter is as it is, and marks between letters belong to words. */
const wholeScripts = [
  [0x531, 0x2000],
  [0x3041, 0xd800],
  [0xf900, 0xfe00],
  [0xfe70, 0xff00],
  [0xff66, 0xffdd],
] as const

/**
 * What each UTF-16 code unit counts as in a word: its letter in lower case and without accents, `0` for any digit, {@link BREAK}
 * or {@link JOINT}.
 */
export const letterOf: Uint16Array = table()

/** Whether a letter is written without spaces around words, so that each is read as a word: kana and ideographs. */
export function standsAlone(letter: number): boolean {
  return letter >= 0x3040 && letter < 0xac00
}

function table(): Uint16Array {
  const letters = new Uint16Array(0x10000)
  for (const [from, to] of wholeScripts) for (let unit = from; unit < to; unit++) letters[unit] = unit
  for (const [from, to] of accented) {
    for (let unit = from; unit < to; unit++) {
      const plain = String.fromCharCode(unit).toLowerCase().normalize('NFD')
      letters[unit] = /^\p{L}/u.test(plain) ? plain.charCodeAt(0) : BREAK
    }
  }
  for (let unit = 0x30; unit < 0x3a; unit++) letters[unit] = 0x30
  // The dotless i of Turkish is what its capital I becomes everywhere else.
  letters[0x131] = 0x69
  for (const apostrophe of "'’ʼ") letters[apostrophe.charCodeAt(0)] = JOINT
  // Accents that stand by themselves, behind their letter.
  for (let unit = 0x300; unit < 0x370; unit++) letters[unit] = JOINT
  return letters
}
