interface Row {
  readonly kind: string
  readonly retryable: boolean
}

/**
 * Differences between the fault catalogue and its reference: a code without a heading `### CODE`, a heading without a code,
 * and an entry whose first line does not give kind and retryability as the catalogue does (`conflict, retryable`).
 */
export function catalogueProblems(reference: string, catalogue: Readonly<Record<string, Row>>): string[] {
  const problems: string[] = []
  const entries = new Map(sections(reference))
  for (const [code, { kind, retryable }] of Object.entries(catalogue)) {
    const entry = entries.get(code)
    const first = `*${kind}${retryable ? ', retryable' : ''}*`
    if (entry === undefined)
      problems.push(`docs/errors.md: ${code} is missing; add "### ${code}" and a first line "${first}"`)
    else if (entry[0] !== first) problems.push(`docs/errors.md: the first line of ${code} must be "${first}"`)
    else if (entry.length < 2) problems.push(`docs/errors.md: ${code} does not say when it happens and what to do`)
  }
  for (const code of entries.keys()) {
    if (!Object.hasOwn(catalogue, code)) problems.push(`docs/errors.md: there is no fault ${code}; remove its entry`)
  }
  return problems
}

/** Headings of codes with the lines below them that are not empty. */
function sections(text: string): [code: string, lines: string[]][] {
  return text
    .split(/^(?=#{1,6} )/m)
    .map(section => section.split('\n'))
    .filter(([heading]) => /^### [A-Z][A-Z0-9_]+$/.test(heading ?? ''))
    .map(([heading = '', ...lines]) => [heading.slice(4), lines.filter(line => line.trim() !== '')])
}
