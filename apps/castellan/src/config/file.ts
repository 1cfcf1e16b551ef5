import { readFileSync } from 'node:fs'
import { fault } from '../kernel/index.ts'
import { parseDocument } from 'yaml'
import { closest, didYouMean } from './did-you-mean.ts'
import { type Path, paths } from './settings.ts'

const SECTION = 'settings'

/**
 * The settings in the `settings` section of a YAML (or JSON) file; its other sections are resources, which `apply` reads.
 * A setting that is null counts as absent. Throws `CONFIG_INVALID`.
 */
export function readSettingsFile(file: string): ReadonlyMap<Path, unknown> {
  const document = parseYaml(file)
  if (document === null || document === undefined) return new Map()
  if (!isSection(document)) throw invalid(file, 'it must be a mapping with a section "settings"')
  for (const key of Object.keys(document)) if (key !== SECTION) mustNotBeMeantAsSetting(file, key)
  const found = new Map<Path, unknown>()
  const section = document[SECTION]
  if (section === null || section === undefined) return found
  if (!isSection(section)) throw invalid(file, '"settings" must be a mapping')
  collect(file, section, '', found)
  return found
}

function parseYaml(file: string): unknown {
  let source: string
  try {
    source = readFileSync(file, 'utf8')
  } catch (cause) {
    throw invalid(file, `it cannot be read (${(cause as NodeJS.ErrnoException).code})`, cause)
  }
  const document = parseDocument(source, { prettyErrors: true, uniqueKeys: true })
  const [problem] = [...document.errors, ...document.warnings]
  if (problem) {
    const line = problem.linePos?.[0].line
    // Neither the parser's message nor the error as a cause: both quote the line, which may hold a password.
    throw invalid(file, `line ${line ?? '?'} is not valid YAML (${problem.code})`)
  }
  try {
    return document.toJS({ maxAliasCount: 100 })
  } catch (cause) {
    throw invalid(file, 'its aliases cannot be resolved', cause)
  }
}

function collect(
  file: string,
  section: Readonly<Record<string, unknown>>,
  prefix: string,
  found: Map<Path, unknown>,
): void {
  for (const [key, value] of Object.entries(section)) {
    const path = `${prefix}${key}`
    if (isPath(path)) {
      if (value !== null) found.set(path, value)
    } else if (isPrefix(path)) {
      if (isSection(value)) collect(file, value, `${path}.`, found)
      else if (value !== null) throw invalid(file, `settings.${path} must be a mapping`)
    } else {
      throw invalid(file, `settings.${path} is unknown${didYouMean(path, paths)}`)
    }
  }
}

/** A setting outside of its section would be ignored, and its author would believe otherwise. */
function mustNotBeMeantAsSetting(file: string, key: string): void {
  if (isPath(key) || isPrefix(key)) throw invalid(file, `"${key}" is a setting and belongs under "settings"`)
  if (closest(key, [SECTION])) throw invalid(file, `the section "${key}" is unknown${didYouMean(key, [SECTION])}`)
}

function isPath(text: string): text is Path {
  return (paths as readonly string[]).includes(text)
}

function isPrefix(text: string): boolean {
  return paths.some(path => path.startsWith(`${text}.`))
}

function isSection(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function invalid(file: string, why: string, cause?: unknown) {
  return fault('CONFIG_INVALID', { why: `${file}: ${why}` }, { cause })
}
