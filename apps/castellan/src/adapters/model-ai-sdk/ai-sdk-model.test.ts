import { modelSuite, type ModelFixture, type Said, type Trouble } from '../../runs/model.testsuite.ts'
import { aiSdkModel } from './ai-sdk-model.ts'
import type { Dialect } from './dialect.ts'
import { fakeProvider, wordings } from './fixtures/fake-provider.ts'

const KEY = 'sk-the-key-nobody-else-may-read'

for (const dialect of Object.keys(wordings) as Dialect[]) {
  modelSuite(`a provider that speaks ${dialect}`, {
    saying: said => fixtureOf(dialect, { said }),
    // Anthropic sends arguments as an object, unless in pieces.
    odd: inPieces => dialect !== 'anthropic' || inPieces,
    troubled: trouble => fixtureOf(dialect, { trouble }),
    key: KEY,
  })
}

async function fixtureOf(dialect: Dialect, behaviour: { said: Said } | { trouble: Trouble }): Promise<ModelFixture> {
  const provider = await fakeProvider(wordings[dialect], behaviour)
  if ('trouble' in behaviour && behaviour.trouble.is === 'nobody') await provider.stop()
  const model = aiSdkModel({
    name: 'fake',
    dialect,
    baseUrl: `${provider.url}/v1`,
    apiKey: () => Promise.resolve(`${KEY}\n`),
    headers: () => Promise.resolve({ 'x-team': 'blue' }),
    allowPrivate: false,
    silence: 10_000,
    largest: 8 * 1024 * 1024,
  })
  return {
    model,
    name: 'fake/test-model',
    asked: () => provider.received.length,
    isAsked: () => provider.isAsked,
    connections: provider.connections,
    async stop() {
      await model.close()
      await provider.stop()
    },
  }
}
