import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { connect } from '@nats-io/transport-node'
import type { Fanout } from '../../journal/index.ts'
import { fanoutSuite } from '../../journal/fanout.testsuite.ts'
import { natsFanout } from './index.ts'
import { natsInstalled, natsProcess } from './fixtures/nats-process.ts'

const skip = await natsInstalled()

fanoutSuite(
  'NATS',
  async () => {
    const nats = await natsProcess()
    await nats.start()
    return {
      enter: installation => working({ url: nats.url, installation }),
      close: () => nats.kill(),
    }
  },
  skip,
)

describe('a fan-out through NATS', { skip }, () => {
  test('is away while there is none, fails nobody, and comes by itself', async () => {
    await using nats = await natsProcess()
    const changes: (string | null)[] = []
    const settings = { url: nats.url, installation: 'a', onChange: (why: string | null) => void changes.push(why) }
    const one = natsFanout(settings)
    try {
      await until(() => changes.length > 0)
      assert.match(one.trouble ?? '', /refused/i)
      one.announce(1)

      await nats.start()
      await until(() => one.trouble === null)
      const two = await working({ url: nats.url, installation: 'a' })
      const heard = new Promise(resolve => two.onAnnounced(resolve))
      one.announce(2)
      assert.equal(await heard, 2)
      await two.close()

      await nats.kill()
      await until(() => one.trouble !== null)
      one.announce(3)
      await nats.start()
      await until(() => one.trouble === null)
      assert.deepEqual(
        changes.map(why => why === null),
        [false, true, false, true],
      )
    } finally {
      await one.close()
    }
  })

  test('gives up at once when it is closed while there is none', async () => {
    await using nats = await natsProcess()
    const one = natsFanout({ url: nats.url, installation: 'a' })
    await one.close()
    assert.notEqual(one.trouble, null)
  })

  test('sends an offset by a subject of its installation, and nothing else', async () => {
    await using nats = await natsProcess()
    await nats.start()
    const listener = await connect({ servers: nats.url.replace('nats://', '') })
    const seen: string[] = []
    listener.subscribe('>', { callback: (_, message) => void seen.push(`${message.subject} ${message.string()}`) })
    await listener.flush()
    const one = await working({ url: nats.url, installation: '0f' })
    one.announce(12)
    await until(() => seen.length > 0)
    assert.deepEqual(seen, ['castellan.0f.journal 12'])

    const heard: number[] = []
    one.onAnnounced(offset => heard.push(offset))
    for (const odd of ['', '-1', '1e9', 'x'.repeat(100_000), '{"tenant":"a"}']) {
      listener.publish('castellan.0f.journal', odd)
    }
    listener.publish('castellan.0f.journal', '13')
    await until(() => heard.length > 0)
    assert.deepEqual(heard, [13])
    await one.close()
    await listener.close()
  })

  test('takes a user with a password, or a token, and tells neither', async () => {
    await using nats = await natsProcess()
    const at = (who: string) => nats.url.replace('nats://', `nats://${who}@`)
    await nats.start('--user', 'ann', '--pass', 'hunter2')
    await (await working({ url: at('ann:hunter2'), installation: 'a' })).close()
    const refused: (string | null)[] = []
    const wrong = natsFanout({ url: at('ann:hunter3'), installation: 'a', onChange: why => void refused.push(why) })
    await until(() => refused.length > 0)
    assert.match(refused[0] ?? '', /authorization/i)
    assert.doesNotMatch(refused[0] ?? '', /hunter/)
    await wrong.close()
    await nats.kill()
    await nats.start('--auth', 's3cret')
    await (await working({ url: at('s3cret'), installation: 'a' })).close()
  })
})

async function working(settings: Parameters<typeof natsFanout>[0]): Promise<Fanout> {
  const fanout = natsFanout(settings)
  await until(() => fanout.trouble === null)
  return fanout
}

async function until(isSo: () => boolean): Promise<void> {
  for (const end = Date.now() + 15_000; !isSo();) {
    assert.ok(Date.now() < end, 'it never happened')
    await new Promise(resolve => setTimeout(resolve, 5))
  }
}
