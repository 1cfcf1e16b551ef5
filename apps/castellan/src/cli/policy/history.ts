import type { Command } from 'commander'
import type { PolicyVersion, PolicyVersionDetail } from '@castellan/contracts'
import type { CommandLine } from '../command-line.ts'
import { table } from '../output.ts'
import { wholeNumber } from '../whole-number.ts'

export function historyCommands(policy: Command, line: CommandLine): void {
  policy
    .command('history [version]')
    .description('The policies that are or were in force; of one version, by number or digest, the files')
    .option('--limit <number>', 'How many versions are listed', '20')
    .action(async (version: string | undefined, options: { limit: string }) => {
      const { policies } = line.controlPlane()
      if (version !== undefined) {
        line.speak().result(await line.during('asking for the version', policies.version(version)), filesOf)
        return
      }
      const limit = wholeNumber('--limit', options.limit)!
      const { items } = await line.during('asking for the versions', policies.history({ limit }))
      line.speak().result(items, listed)
    })
  policy
    .command('rollback <version>')
    .description('Put an earlier version in force again, by number or digest')
    .action(async (version: string) => {
      const set = await line.during('putting it in force', line.controlPlane().policies.restore(version))
      line.speak().result(set, ({ version: now, digest }) => `In force: version ${now} (${digest}).`)
    })
}

function listed(versions: readonly PolicyVersion[]): string {
  return table(
    ['version', 'at', 'by', 'restores', 'digest', 'files'],
    versions.map(({ version, at, principal, restores, digest, files }) => [
      version,
      at,
      principal,
      restores,
      digest,
      files.join(' '),
    ]),
  )
}

function filesOf({ files }: PolicyVersionDetail): string {
  return Object.entries(files)
    .map(([name, text]) => `// ${name}\n${text}`)
    .join('\n')
}
