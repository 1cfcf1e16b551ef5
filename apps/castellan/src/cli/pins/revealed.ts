/** A text on one line with everything that is not shown, or steers, written out: what hides is what a reviewer has to see. */
export function revealed(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Co}\p{Cs}\p{Zl}\p{Zp}\p{Variation_Selector}\u3164\u115F\u1160]/gu, written)
}

function written(character: string): string {
  return `\\u{${character.codePointAt(0)!.toString(16)}}`
}
