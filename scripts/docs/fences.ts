import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/**
 * TypeScript in documents is cut from files that are compiled and run, so that it cannot go stale. Before a fence marked
 * `ts` stands `<!-- from: path -->` or `<!-- from: path#region -->`; a region lies between the comments `#region name` and
 * `#endregion` of that file. Answers with the fences that have no source, or are not equal to it.
 */
export function brokenFences(root: string, path: string, text: string): string[] {
  const problems: string[] = []
  for (const match of text.matchAll(/(?:<!-- from: (\S+) -->\s*\n)?^```(?:ts|typescript)\b.*\n([\s\S]*?)^```/gm)) {
    const [, source, code = ''] = match
    const line = text.slice(0, match.index).split('\n').length
    const problem = source === undefined ? 'does not say where it is cut from' : compare(root, source, code)
    if (problem) problems.push(`${path}:${line}: the code ${problem}`)
  }
  return problems
}

function compare(root: string, source: string, code: string): string | undefined {
  const [file = '', region] = source.split('#')
  if (!existsSync(join(root, file))) return `is said to be from ${file}, which is not there`
  const original = cut(readFileSync(join(root, file), 'utf8'), region)
  if (original === undefined) return `is said to be from ${source}, and ${file} has no such region`
  return original.trim() === code.trim() ? undefined : `differs from ${source}`
}

function cut(text: string, region: string | undefined): string | undefined {
  if (region === undefined) return text
  const lines = text.split('\n')
  const start = lines.findIndex(line => new RegExp(`^\\s*// #region ${region}\\s*$`).test(line))
  const end = lines.findIndex((line, index) => index > start && /^\s*\/\/ #endregion/.test(line))
  if (start < 0 || end < 0) return undefined
  return dedent(lines.slice(start + 1, end)).join('\n')
}

function dedent(lines: readonly string[]): string[] {
  const indents = lines.filter(line => line.trim() !== '').map(line => /^ */.exec(line)![0].length)
  const least = Math.min(...indents)
  return lines.map(line => line.slice(least))
}
