export { runCli } from './run-cli.ts'
export { terminal } from './terminal.ts'
export type { MigrationStep, Started, Terminal, World } from './world.ts'
