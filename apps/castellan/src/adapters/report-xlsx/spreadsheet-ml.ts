// The parts of SpreadsheetML that a plain workbook is made of. Source: ECMA-376 part 1, chapter 18, and part 2 for the package.

export const XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
export const MAIN = 'http://schemas.openxmlformats.org/spreadsheetml/2006/main'
const DOCUMENT = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships'
const PACKAGE = 'http://schemas.openxmlformats.org/package/2006'
const TYPES = 'application/vnd.openxmlformats-officedocument.spreadsheetml'

/** Places in `cellXfs`. */
export const styleOf = { plain: 0, bold: 1, quoted: 2, money: 3, time: 4 } as const

export const stylesXml = `${XML}<styleSheet xmlns="${MAIN}">\
<numFmts count="2"><numFmt numFmtId="164" formatCode="#,##0.000000"/><numFmt numFmtId="165" formatCode="yyyy\\-mm\\-dd\\ hh:mm:ss.000"/></numFmts>\
<fonts count="2"><font><sz val="11"/><name val="Calibri"/></font><font><b/><sz val="11"/><name val="Calibri"/></font></fonts>\
<fills count="2"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill></fills>\
<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>\
<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>\
<cellXfs count="5"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>\
<xf numFmtId="0" fontId="1" fillId="0" borderId="0" xfId="0" applyFont="1"/>\
<xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0" quotePrefix="1"/>\
<xf numFmtId="164" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>\
<xf numFmtId="165" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/></cellXfs>\
<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>`

/** Everything of a workbook but its sheets, which are `xl/worksheets/sheet1.xml` and so on. */
export function workbookParts(names: readonly string[]): { readonly path: string; readonly text: readonly string[] }[] {
  const sheets = names.map((name, index) => `<sheet name="${name}" sheetId="${index + 1}" r:id="rId${index + 1}"/>`)
  const ways = names.map((_, index) => relationship(index + 1, `${DOCUMENT}/worksheet`, `worksheets/sheet${index + 1}.xml`)) // prettier-ignore
  const styles = relationship(names.length + 1, `${DOCUMENT}/styles`, 'styles.xml')
  const parts = names.map((_, index) => override(`/xl/worksheets/sheet${index + 1}.xml`, `${TYPES}.worksheet+xml`))
  const types = [
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>',
    '<Default Extension="xml" ContentType="application/xml"/>',
    override('/xl/workbook.xml', `${TYPES}.sheet.main+xml`),
    override('/xl/styles.xml', `${TYPES}.styles+xml`),
    ...parts,
  ]
  const main = relationship(1, `${DOCUMENT}/officeDocument`, 'xl/workbook.xml')
  return [
    { path: '[Content_Types].xml', text: [`${XML}<Types xmlns="${PACKAGE}/content-types">${types.join('')}</Types>`] },
    { path: '_rels/.rels', text: [relationships([main])] },
    {
      path: 'xl/workbook.xml',
      text: [`${XML}<workbook xmlns="${MAIN}" xmlns:r="${DOCUMENT}"><sheets>${sheets.join('')}</sheets></workbook>`],
    },
    { path: 'xl/_rels/workbook.xml.rels', text: [relationships([...ways, styles])] },
    { path: 'xl/styles.xml', text: [stylesXml] },
  ]
}

export function columnsXml(widths: readonly number[]): string {
  const columns = widths.map((width, index) => {
    const place = index + 1
    return `<col min="${place}" max="${place}" width="${width}" customWidth="1"/>`
  })
  return `<cols>${columns.join('')}</cols>`
}

/** `A` for 0, `AA` for 26. */
export function columnName(index: number): string {
  const last = String.fromCharCode(65 + (index % 26))
  return index < 26 ? last : columnName(Math.floor(index / 26) - 1) + last
}

/**
 * A text as it may stand in a cell: cut to what a cell can hold, without what XML cannot, and without what a reader would take for a
 * character written in hexadecimal (ST_Xstring, part 1, 22.9.2.19).
 */
export function textXml(text: string): string {
  const held = text.length > LONGEST ? `${text.slice(0, LONGEST - 1)}…` : text
  return held
    .toWellFormed()
    .replace(/[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]/g, '\ufffd')
    .replace(/_(?=x[0-9A-Fa-f]{4}_)/g, '_x005F_')
    .replace(/[&<>]/g, sign => entities[sign]!)
}

const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' }
/** Characters of a cell. */
const LONGEST = 32_767

function relationships(ways: readonly string[]): string {
  return `${XML}<Relationships xmlns="${PACKAGE}/relationships">${ways.join('')}</Relationships>`
}

function relationship(number: number, type: string, target: string): string {
  return `<Relationship Id="rId${number}" Type="${type}" Target="${target}"/>`
}

function override(part: string, type: string): string {
  return `<Override PartName="${part}" ContentType="${type}"/>`
}
