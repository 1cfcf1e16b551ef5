import { readFile } from 'node:fs/promises'
import { modelScript, type ModelScript } from '@castellan/contracts'
import { parseDocument } from 'yaml'
import { fault } from '../../kernel/index.ts'

/** The script in a YAML (or JSON) file. Throws `CONFIG_INVALID` with the place of what is wrong. */
export async function readScript(file: string): Promise<ModelScript> {
  const source = await readFile(file, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    throw invalid(file, `it cannot be read (${cause.code ?? 'unknown error'})`)
  })
  const document = parseDocument(source, { prettyErrors: true, uniqueKeys: true })
  const [problem] = [...document.errors, ...document.warnings]
  if (problem) throw invalid(file, `line ${problem.linePos?.[0].line ?? '?'} is not valid YAML (${problem.code})`)
  const read = modelScript.safeParse(document.toJS({ maxAliasCount: 100 }))
  if (!read.success) {
    const { path, message } = read.error.issues[0]!
    throw invalid(file, `at ${path.join('.') || 'its top'}: ${message}`)
  }
  read.data.lines.forEach(({ when: { matches } }, index) => {
    if (matches !== undefined && !isPattern(matches))
      throw invalid(file, `at lines.${index}.when.matches: it is no regular expression`)
  })
  return read.data
}

function isPattern(text: string): boolean {
  try {
    return new RegExp(text, 'u') instanceof RegExp
  } catch {
    return false
  }
}

function invalid(file: string, why: string) {
  return fault('CONFIG_INVALID', { why: `the script ${file}: ${why}` })
}
