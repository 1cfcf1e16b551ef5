import { connectorSuite } from '../../gate/connector.testsuite.ts'
import { spawnedFixture } from './fixtures/spawned-fixture.ts'

for (const era of ['legacy', 'modern', 'both']) {
  await connectorSuite(`streamable HTTP to a ${era} server`, () =>
    spawnedFixture('streamable-http', 'streamable-http-server.ts', era),
  )
}
for (const era of ['legacy', 'modern']) {
  await connectorSuite(`streamable HTTP to a ${era} server without streams`, async () => {
    const {
      progress: _,
      tell: __,
      question,
      ...fixture
    } = await spawnedFixture('streamable-http', 'streamable-http-server.ts', era, 'json')
    // Without streams, an old server has no way to ask before it answers.
    return era === 'legacy' ? fixture : { ...fixture, ...(question && { question }) }
  })
}
