export type { Config, OidcConfig } from './config.ts'
export { processVariables, secretEnvironment, type Variables } from './environment.ts'
export { explain, type Explained, type SettingHelp, settingsHelp } from './explain.ts'
export { type ConfigInputs, loadConfig, type LoadedConfig, type Source } from './load.ts'
