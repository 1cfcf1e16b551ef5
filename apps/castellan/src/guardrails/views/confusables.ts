import { isLatin } from './latin.ts'
import { textOf } from './rewriting.ts'

/**
 * Letters that look like letters of English, as pairs: what stands there, what it is taken for. NFKC has already dealt with
 * full width, mathematics and circles.
 */
const lookalikes: Readonly<Record<string, string>> = {
  // Cyrillic
  ...pairs('АаВЕеЅѕІіЇїЈјКкМНОоРрСсТУуХхҮүһЬԁԛԜԝҺӀӏҽԌ', 'AaBEeSsIiIiJjKkMHOoPpCcTYyXxYyhbdqWwHIleG'),
  ...pairs('вгзмнптьэё', 'Brзmhптbэe'),
  // Greek
  ...pairs('ΑΒΕΖΗΙΚΜΝΟΡΤΥΧ', 'ABEZHIKMNOPTYX'),
  ...pairs('αγεικνορτυχωηϲϳ', 'ayeikvoptuxwncj'),
  // Armenian, Cherokee, Lisu, Coptic
  ...pairs('օսցհոաղեքՕՍԼ', 'ougjnwneqOUL'),
  ...pairs('ᎪᏴᏟᎠᎬᏀᎻᏆᎫᏦᏞᎷᏢᏒᏚᎢᏙᎳᎩᏃ', 'ABCDEGHIJKLMPRSTVWYZ'),
  ...pairs('ⲞⲟⲤⲥⲢⲣⲬⲭⲀⲁ', 'OoCcPpXxAa'),
  // Latin that no language spells with: small capitals, letters of phonetics and with hooks
  ...pairs('ᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘʀꜱᴛᴜᴠᴡʏᴢ', 'abcdefghijklmnoprstuvwyz'),
  ...pairs('ɑɡɩȷɒɓƅɗɖƒɠɦɨƙɭɱɲɵƥɽʂƫʈʋʉɣƶƗ', 'agijabbddfghiklmnoprsttvuyzI'),
}

function pairs(from: string, to: string): Record<string, string> {
  return Object.fromEntries(from.split('').map((letter, index) => [letter, to[index]!]))
}

/** By unit: 0 for what looks like nothing else. */
const takenFor = new Uint16Array(0x10000)
for (const [from, to] of Object.entries(lookalikes)) if (from !== to) takenFor[from.charCodeAt(0)] = to.charCodeAt(0)

export function isLookalike(unit: number): boolean {
  return takenFor[unit] !== 0
}

const script = { none: 0, english: 1, lookalike: 2, foreign: 3, mixed: 4 } as const

/**
 * Exchanges lookalikes for what they are taken for, unit by unit: in words that also have letters of English, and in words
 * wholly of lookalikes that stand between words of English. Words of another language stay as they are.
 */
export function foldConfusables(text: string): string | null {
  let units: Uint16Array | null = null
  let before: number = script.none
  /** A word wholly of lookalikes that waits for the word after it. */
  let waiting: readonly [start: number, end: number] | null = null
  const fold = (start: number, end: number) => {
    units ??= unitsOf(text)
    for (let index = start; index < end; index++) units[index] = takenFor[units[index]!] || units[index]!
  }
  let at = 0
  while (at < text.length) {
    if (kindOf(text.charCodeAt(at)) === script.none) {
      at++
      continue
    }
    const start = at
    let seen = 0
    for (; at < text.length; at++) {
      const kind = kindOf(text.charCodeAt(at))
      if (kind === script.none) break
      seen |= 1 << kind
    }
    const word = wordKind(seen)
    if (word === script.mixed) fold(start, at)
    if (waiting && (word === script.english || word === script.mixed)) fold(...waiting)
    waiting = null
    if (word === script.lookalike) {
      // Single letters, such as Greek ones in formulas, mean themselves.
      if (at - start > 1 && before === script.english) fold(start, at)
      else if (at - start > 1 && before === script.none) waiting = [start, at]
    } else before = word === script.mixed ? script.english : word
  }
  return units && textOf(units, text.length)
}

function kindOf(unit: number): number {
  if (unit < 0x80) return (unit | 32) >= 0x61 && (unit | 32) <= 0x7a ? script.english : script.none
  if (takenFor[unit] !== 0) return script.lookalike
  if (isLatin(unit)) return script.english
  return unit >= 0x370 && unit < 0x2000 ? script.foreign : script.none
}

function wordKind(seen: number): number {
  const has = (kind: number) => (seen & (1 << kind)) !== 0
  if (has(script.english) && has(script.lookalike)) return script.mixed
  if (has(script.foreign)) return script.foreign
  return has(script.english) ? script.english : script.lookalike
}

function unitsOf(text: string): Uint16Array {
  const units = new Uint16Array(text.length)
  for (let index = 0; index < text.length; index++) units[index] = text.charCodeAt(index)
  return units
}
