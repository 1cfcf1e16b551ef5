import { remainder } from './checksums.ts'

/** Lengths of IBANs by country, from the IBAN registry of SWIFT. */
const lengths: Readonly<Record<string, number>> = Object.fromEntries(
  (
    'AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BI27 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DJ27 DK18 DO28 EE20 EG29 ES24 FI18 ' +
    'FK18 FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HN28 HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30 KW30 KZ20 LB28 LC32 LI21 LT20 ' +
    'LU20 LV21 LY25 MC27 MD24 ME22 MK19 MN20 MR27 MT31 MU30 NI28 NL18 NO15 OM23 PK24 PL28 PS29 PT25 QA29 RO24 RS22 RU33 SA24 ' +
    'SC31 SD18 SE24 SI19 SK24 SM27 SO23 ST25 SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20 YE30'
  )
    .split(' ')
    .map(row => [row.slice(0, 2), Number(row.slice(2))]),
)

/** The IBAN that begins at an offset; `checked` is false when only its country and length fit. */
export function ibanAt(text: string, start: number): { readonly end: number; readonly checked: boolean } | null {
  const length = lengths[text.slice(start, start + 2).toUpperCase()]
  if (length === undefined) return null
  let rest = 0
  let digits = 0
  let end = start + 4
  for (let count = 4; count < length; end++) {
    const unit = text.charCodeAt(end)
    if (isSign(unit)) {
      if (unit < 58) digits++
      rest = unit < 58 ? (rest * 10 + unit - 48) % 97 : (rest * 100 + (unit | 32) - 87) % 97
      count++
    }
    // Groups of four have a space or a dash between them, or a line break where a line was full.
    else if (!isGap(unit) || !isSign(text.charCodeAt(end + 1))) return null
  }
  if (isSign(text.charCodeAt(end)) || text.charCodeAt(end) === 95) return null
  // What is checked is a remainder of a hundred, so letters in rows of words would pass once in a while.
  if (digits < 8) return null
  const first = remainder(text.slice(start, start + 4), 97)
  return { end, checked: (rest * 1_000_000 + first) % 97 === 1 }
}

function isSign(unit: number): boolean {
  const lower = unit | 32
  return (unit >= 48 && unit <= 57) || (lower >= 97 && lower <= 122)
}

function isGap(unit: number): boolean {
  return unit === 32 || unit === 45 || unit === 0xa0 || unit === 10 || unit === 46
}
