/**
 * How unlikely a letter is after another in words as they stand in documents and in the names of programs: a row for each
 * letter before and one for the beginning of a word, a column for each letter; in steps of 1/{@link STEPS} bit, written in
 * base 36. Counted by `fixtures/count-letter-pairs.ts`.
 */
const rows = [
  'mb9bphducpg7c8ucq8a6efilfn',
  '8hfi7hzn8gq6jm9imbag8nlrfp',
  '8oem7os8brbbmt5nobg7cqqrht',
  'ajic4jgm5kpdijajzcalbhqofz',
  'bja7fefmjmpbc8jdh67blehckr',
  '9nii79zz5zoaml7ozcgdazpzcz',
  'alqy5mba8yybf9boy8bhanpyil',
  '6nzl4qzr7qzigi7mnbgbczqzfz',
  'dfacbdcztskbc58epda9sczize',
  '9sss5ssgdsssss7fss5h8fasss',
  'bnfe3egj7vvgnbfivk6gfvhvfv',
  '8kkd5imn6rj8mn8izocdchnz8z',
  '6clk5pnz7llgcj97zpdmdnzpmz',
  'am999f6lbmghkebjqj86ffnuit',
  'geccjgfrgmfba5dbz7bcadcjko',
  '7nmi6okfbzm8jn8as6d9dorqkz',
  'rrrrrrrrjrr9rrrrrrrr0rirrr',
  '8jee4hfn8ufhde9izdabegkzdz',
  'cobl6ipb8tgfhjbbll96alhpfr',
  '9pek5jla5uvflnajv99devjpdw',
  'cbbeahdzczo9b7ibz888oszmzp',
  '7yoy2yiy6yyypnbyypilioyyoy',
  '6mni6pj87xjex98pp9aixxgnxx',
  'bl8n8huf8uuhhmh5uui5uuuueu',
  'ddck9fhu8uica9a6uh7bnuduug',
  '7sss2sss8sjeksbsssfsjsssfb',
  'ac8aaceebiicbdd9k98bdfdnln',
]
const STEPS = 2.5
const BEGINNING = 26

const table = Uint8Array.from(rows.flatMap(row => Array.from(row, cell => Number.parseInt(cell, 36))))

/**
 * How surprising letters are as a word, in bits for each letter. Words have about 3.5, hardly ever more than 5; eight letters
 * drawn by lot have about 7, hardly ever less than 5.
 */
export function surprise(letters: string): number {
  let before = BEGINNING
  let sum = 0
  for (let at = 0; at < letters.length; at++) {
    // Capitals and small letters differ in one bit.
    const letter = (letters.charCodeAt(at) | 32) - 97
    if (letter < 0 || letter > 25) return Number.POSITIVE_INFINITY
    sum += table[before * 26 + letter]!
    before = letter
  }
  return sum / STEPS / letters.length
}
