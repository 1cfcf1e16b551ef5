import { existsSync, readFileSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** Links of a document into this repository that lead nowhere: to a missing file, or to a heading that is not there. */
export function brokenLinks(root: string, path: string, text: string): string[] {
  const problems: string[] = []
  for (const link of links(text)) {
    const [target = '', anchor] = link.split('#')
    const goal = target === '' ? path : join(target.startsWith('/') ? '' : dirname(path), decodeURI(target))
    if (!existsSync(join(root, goal))) problems.push(`${path}: the link to ${link} leads nowhere`)
    else if (anchor && goal.endsWith('.md') && !anchors(join(root, goal)).has(anchor)) {
      problems.push(`${path}: ${goal} has no heading for #${anchor}`)
    }
  }
  return problems
}

function links(text: string): string[] {
  const prose = text.replace(/^(```|~~~)[\s\S]*?^\1/gm, '').replace(/`[^`\n]*`/g, '')
  const inline = [...prose.matchAll(/\]\(\s*<?([^)\s>]+)>?(?:\s+"[^"]*")?\s*\)/g)]
  const definitions = [...prose.matchAll(/^\s*\[[^\]]+\]:\s*(\S+)/gm)]
  return [...inline, ...definitions].map(match => match[1]!).filter(link => !/^([a-z][a-z0-9+.-]*:|\/\/)/i.test(link))
}

function anchors(file: string): Set<string> {
  if (!statSync(file).isFile()) return new Set()
  const prose = readFileSync(file, 'utf8').replace(/^(```|~~~)[\s\S]*?^\1/gm, '')
  return new Set([...prose.matchAll(/^#+ +(.*)$/gm)].map(match => slug(match[1]!)))
}

// As code hosts make them: lower case, no punctuation, blanks to hyphens.
function slug(heading: string): string {
  return heading
    .trim()
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-')
}
