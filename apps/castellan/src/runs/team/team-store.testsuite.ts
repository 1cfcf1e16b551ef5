import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { type Entry, Journal, type JournalStore } from '../../journal/index.ts'
import { newId, systemClock } from '../../kernel/index.ts'
import type { Team } from './team.ts'
import type { TeamStore } from './team-store.ts'

export interface OpenTeamStore {
  readonly teams: TeamStore
  readonly journal: JournalStore
  close(): Promise<void>
}

/** What every store of teams promises. All tests share one store. */
export function teamStoreSuite(name: string, open: () => Promise<OpenTeamStore>, skip: string | false): void {
  describe(`${name} is a store of teams`, { skip }, () => {
    let opened: OpenTeamStore
    let store: TeamStore
    before(async () => {
      opened = await open()
      store = opened.teams
    })
    after(() => opened?.close())

    const line = ({ tenant, id, version }: Team): Entry =>
      new Journal(opened.journal, systemClock).seal({
        tenant,
        stream: `team:${id}`,
        seq: version - 1,
        type: 'team.updated',
        principal: 'ann',
        correlationId: 'c',
        data: {},
      })

    test('a team reads back as it was, changes version by version with its lines, and is seen in its tenant alone', async () => {
      const team = aTeam()
      await store.save(team, [line(team)])
      assert.deepEqual(await store.teams(team.tenant), [team])
      assert.deepEqual(await store.teams(newId()), [])
      const next = { ...team, description: 'changed', version: 2 }
      await store.save(next, [line(next)])
      assert.deepEqual(await store.teams(team.tenant), [next])
      await assert.rejects(store.save(next, []), { code: 'VERSION_CONFLICT' })
      assert.equal((await opened.journal.readStream(team.tenant, `team:${team.id}`)).length, 2)
    })

    test('teams are listed by name, and no two of a tenant have the same', async () => {
      const tenant = newId()
      for (const name of ['b', 'a']) await store.save(aTeam({ tenant, name }), [])
      assert.deepEqual(
        (await store.teams(tenant)).map(({ name }) => name),
        ['a', 'b'],
      )
      await assert.rejects(store.save(aTeam({ tenant, name: 'a' }), []), { code: 'NAME_TAKEN' })
      await store.save(aTeam({ name: 'a' }), [])
    })

    test('a team that was removed is gone, and nobody removes what is not there or not theirs', async () => {
      const team = aTeam()
      await store.save(team, [])
      await assert.rejects(store.remove(newId(), team.id, []), { code: 'NOT_FOUND' })
      await store.remove(team.tenant, team.id, [])
      assert.deepEqual(await store.teams(team.tenant), [])
      await assert.rejects(store.remove(team.tenant, team.id, []), { code: 'NOT_FOUND' })
    })
  })
}

function aTeam(said: Partial<Team> = {}): Team {
  return {
    id: newId(),
    tenant: newId(),
    name: 'trio',
    description: '',
    members: [{ name: 'ann', agent: 'clerk', role: 'You are careful.' }],
    protocol: { is: 'parallel', merge: { is: 'expression', expression: '$count(answers)' } },
    maxTokens: 1_000,
    version: 1,
    ...said,
  }
}
