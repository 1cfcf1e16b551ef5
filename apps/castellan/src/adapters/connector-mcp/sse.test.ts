import { connectorSuite } from '../../gate/connector.testsuite.ts'
import { spawnedFixture } from './fixtures/spawned-fixture.ts'

await connectorSuite('HTTP with server-sent events', () => spawnedFixture('sse', 'sse-server.ts'))
