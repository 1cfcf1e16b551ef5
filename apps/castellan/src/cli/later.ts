import { type Command, Option } from 'commander'

export interface Later {
  readonly in?: string
  readonly at?: string
}

/** Lets a command say when something is to begin. */
export function withLater(command: Command): Command {
  return command
    .option('--in <duration>', 'Not before so long from now, such as 30m')
    .addOption(new Option('--at <time>', 'Not before a time in UTC, such as 2030-01-31T12:00:00Z').conflicts('in'))
}

export function laterFrom({ in: duration, at }: Later): { readonly start_in?: string; readonly start_at?: string } {
  return {
    ...(duration === undefined ? {} : { start_in: duration }),
    ...(at === undefined ? {} : { start_at: at }),
  }
}
