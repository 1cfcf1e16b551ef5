import { LineCounter, parseDocument } from 'yaml'
import { bounds } from './bounds.ts'
import { invalid } from './document-problem.ts'

/** The value of a JSON or YAML text. Throws a {@link DocumentProblem} that names the place and quotes nothing. */
export function parseText(text: string): unknown {
  const plain = text.replace(/^\uFEFF/, '')
  return /^\s*\{/.test(plain) ? parseJson(plain) : parseYaml(plain)
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    // Flow-style YAML begins with a brace too, but nobody keeps large documents in it.
    if (text.length < FLOW_STYLE) return parseYaml(text)
    const place = /position (\d+)/.exec((error as Error).message)?.[1]
    throw invalid(place === undefined ? 'it is not JSON' : `it is not JSON (position ${place})`)
  }
}

const FLOW_STYLE = 256 * 1024

function parseYaml(text: string): unknown {
  const lines = new LineCounter()
  try {
    const document = parseDocument(text, { merge: true, prettyErrors: false, logLevel: 'silent', lineCounter: lines })
    const problem = document.errors[0]
    if (problem) {
      const { line } = lines.linePos(problem.pos[0])
      throw invalid(`it is neither JSON nor YAML (line ${line}: ${problem.code.toLowerCase().replaceAll('_', ' ')})`)
    }
    return document.toJS({ maxAliasCount: bounds.aliases })
  } catch (error) {
    if (error instanceof RangeError) throw invalid('it is nested too deeply')
    if (error instanceof ReferenceError) throw invalid('it uses too many YAML aliases')
    throw error
  }
}
