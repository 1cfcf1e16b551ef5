import { existsSync } from 'node:fs'
import type { Command } from 'commander'
import { type LoadedConfig, loadConfig, settingsHelp, type Variables } from '../config/index.ts'

/** The file that is read when none is named. */
const DEFAULT_FILE = 'castellan.yaml'

/** Gives a command every setting as an option. */
export function withSettings(command: Command): Command {
  command.option('--config <file>', 'castellan.yaml with a section "settings"')
  for (const { flag, about, fallback } of settingsHelp) command.option(flag, `${about} (default: ${fallback})`)
  return command
}

/** The configuration of a command made by {@link withSettings}. Throws `CONFIG_INVALID`. */
export function configFor(options: Readonly<Record<string, unknown>>, variables: Variables): LoadedConfig {
  const named = (options.config as string | undefined) ?? variables.CASTELLAN_CONFIG
  const file = named ?? (existsSync(DEFAULT_FILE) ? DEFAULT_FILE : null)
  return loadConfig({ flags: options, variables, file })
}
