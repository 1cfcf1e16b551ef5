import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Grant } from '@castellan/contracts'
import { natsInstalled, natsProcess } from '../../apps/castellan/src/adapters/fanout-nats/fixtures/nats-process.ts'
import { until } from '../support/control-plane.ts'
import { nodesOn } from '../support/nodes.ts'
import { postgresForTests } from '../support/services.ts'

const postgres = await postgresForTests()
const skip = postgres.skip === false ? await natsInstalled() : postgres.skip

describe('nodes that hint to each other through NATS', { skip }, () => {
  test('work on without it, say that it is away, and take it up again', async () => {
    await using nats = await natsProcess()
    await using nodes = await nodesOn(postgres.url)
    const [one, two] = [await nodes.start('--nats', nats.url), await nodes.start('--nats', nats.url)]
    const impaired = async () => (await two.rest.must<{ impaired: string[] }>('GET', '/ready')).impaired
    let grants = 0
    /** What one changes the other reads back, whether it is hinted or not. */
    const isHeard = async () => {
      const name = `tool-${grants++}`
      const body = { to: { role: 'member' }, server: '*', primitive_type: 'tool', name }
      await one.rest.must('POST', '/api/grants', { body })
      const seen = () => two.rest.all<Grant>('/api/grants')
      await until(`${name} is seen`, seen, all => all.some(each => each.name === name))
    }

    assert.match(String(await impaired()), /NATS is away/)
    await isHeard()

    await nats.start()
    await until('NATS is there', impaired, all => all.length === 0)
    await isHeard()

    await nats.kill()
    await until('NATS is away', impaired, all => all.length === 1)
    await isHeard()
    assert.match(two.errors(), /fanout\.away/)
    assert.doesNotMatch(one.errors() + two.errors(), /"bug"/)

    await nats.start()
    await until('NATS is there again', impaired, all => all.length === 0)
  })
})
