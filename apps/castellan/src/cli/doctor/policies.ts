/** The statements of a policy file that permit everything to everybody, by line. */
export function openPermits(source: string): readonly number[] {
  const lines: number[] = []
  let line = 1
  for (const statement of statementsOf(source)) {
    const leading = /^\s*/.exec(statement)![0]
    const at = line + newlinesIn(leading)
    line += newlinesIn(statement)
    const text = statement.trim().replace(/\s+/g, ' ')
    if (OPEN.test(text)) lines.push(at)
  }
  return lines
}

/** Annotations, then a scope that names nobody and nothing, then no condition or one that is always true. */
const OPEN =
  /^(?:@\w+ ?(?:\( ?"[^"]*" ?\))? ?)*permit ?\( ?principal ?, ?action ?, ?resource ?,? ?\)(?: ?when ?\{ ?true ?\}| ?unless ?\{ ?false ?\})*$/

/** Statements with comments and the contents of strings blanked, so that neither can look like code. */
function statementsOf(source: string): string[] {
  const code = source.replace(/"(?:[^"\\]|\\.)*"|\/\/[^\n]*/g, match => (match.startsWith('"') ? '""' : ''))
  return code.split(';')
}

function newlinesIn(text: string): number {
  return text.split('\n').length - 1
}
