import type { LoadedConfig, Source } from './load.ts'
import { flagOf, type Path, paths, type Setting, settings, variableOf } from './settings.ts'

/** One line of `castellan config explain`. */
export interface Explained {
  readonly path: Path
  /** As one would write it, secrets masked. */
  readonly value: string
  readonly source: Source
  readonly about: string
}

/** Every value in force and where it comes from. */
export function explain({ values, sources }: LoadedConfig): readonly Explained[] {
  return paths.map(path => {
    const { show, about } = settings[path] as unknown as Setting<unknown>
    return { path, value: show(values[path]), source: sources[path], about }
  })
}

/** How a setting can be given, for command lines and reference pages. */
export interface SettingHelp {
  readonly path: Path
  /** In the form command line parsers take, such as `--port <number>`. */
  readonly flag: string
  readonly variable: string
  readonly expects: string
  readonly fallback: string
  readonly about: string
}

export const settingsHelp: readonly SettingHelp[] = paths.map(path => {
  const { placeholder, expects, show, fallback, about } = settings[path] as unknown as Setting<unknown>
  const flag = `${flagOf(path)} <${placeholder}>`
  return { path, flag, variable: variableOf(path), expects, fallback: show(fallback), about }
})
