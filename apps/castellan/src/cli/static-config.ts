import { existsSync } from 'node:fs'
import { type Command, Option } from 'commander'
import { type LoadedConfig, loadConfig, settingsHelp, type Variables } from '../config/index.ts'

/** The file that is read when none is named. */
const DEFAULT_FILE = 'castellan.yaml'

/** Gives a command every setting as an option. */
export function withSettings(command: Command): Command {
  command.option('--config <file>', 'castellan.yaml with a section "settings"')
  for (const { flag, about, fallback } of settingsHelp) {
    const option = new Option(flag, `${about} (default: ${fallback})`)
    areSettings.add(option)
    command.addOption(option)
  }
  return command
}

/** What was given of a command's settings; an option that is only called as one is none. */
export function settingsGiven(command: Command): Readonly<Record<string, unknown>> {
  const given = command.opts<Readonly<Record<string, unknown>>>()
  const names = command.options.filter(each => areSettings.has(each)).map(each => each.attributeName())
  if (names.length > 0) names.push('config')
  return Object.fromEntries(names.map(name => [name, given[name]]))
}

const areSettings = new WeakSet<Option>()

/** The configuration of a command made by {@link withSettings}. Throws `CONFIG_INVALID`. */
export function configFor(options: Readonly<Record<string, unknown>>, variables: Variables): LoadedConfig {
  const named = (options.config as string | undefined) ?? variables.CASTELLAN_CONFIG
  const file = named ?? (existsSync(DEFAULT_FILE) ? DEFAULT_FILE : null)
  return loadConfig({ flags: options, variables, file })
}
