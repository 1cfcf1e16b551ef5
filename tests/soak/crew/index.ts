import type { Random } from '../../support/random.ts'
import { revisions } from '../../support/mcp-client.ts'
import { eras } from '../../support/raw-mcp.ts'
import { deaf, forgetful, slowReading, vanishing } from './ill-mannered.ts'
import { killer } from './killer.ts'
import { rawClients } from './raw-clients.ts'
import { journalReader, restClients } from './rest-clients.ts'
import { sdkClients } from './sdk-clients.ts'
import { listeners, watchers } from './subscribers.ts'
import type { Work } from './work.ts'

/** Everybody works until it is time to rest; resolves when all of them have brought what they began to its end. */
export async function everybody(work: Omit<Work, 'random'>, random: Random, mark: string): Promise<void> {
  const each = (): Work => ({ ...work, random: random.fork() })
  await Promise.all([
    ...revisions.flatMap(revision => [sdkClients(each(), revision), sdkClients(each(), revision)]),
    ...eras.map(era => rawClients(each(), era)),
    restClients(each()),
    journalReader(each()),
    vanishing(each()),
    deaf(each()),
    slowReading(each()),
    forgetful(each()),
    watchers(each()),
    listeners(each()),
    killer(each(), mark),
  ])
}
