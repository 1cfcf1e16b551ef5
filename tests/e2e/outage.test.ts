import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Grant } from '@castellan/contracts'
import { until } from '../support/control-plane.ts'
import { nodesOn } from '../support/nodes.ts'
import { ownPostgres } from '../support/own-postgres.ts'

const own = await ownPostgres()

describe(
  'nodes whose PostgreSQL was away for a while',
  { skip: own ? false : 'PostgreSQL cannot be started here' },
  () => {
    test('see what another changes, as before', async () => {
      await using postgres = own!
      await using nodes = await nodesOn(postgres.url)
      const [one, two] = [await nodes.start(), await nodes.start()]
      const isHeard = async (name: string) => {
        const body = { to: { role: 'member' }, server: '*', primitive_type: 'tool', name }
        await one.rest.must('POST', '/api/grants', { body })
        const seen = () => two.rest.all<Grant>('/api/grants')
        await until(`${name} is seen`, seen, all => all.some(each => each.name === name))
      }
      await isHeard('before')

      await postgres.fall(4_000)

      for (const { rest } of [one, two])
        await until(
          'it is ready',
          () => rest.ask('GET', '/ready'),
          ({ status }) => status === 200,
        )
      await isHeard('after')
      assert.doesNotMatch(one.errors() + two.errors(), /"bug"/)
      assert.match(one.errors() + two.errors(), /store\.away/)
    })
  },
)
