import { connectorSuite } from '../../gate/connector.testsuite.ts'
import { spawnedFixture } from './fixtures/spawned-fixture.ts'

await connectorSuite('WebSocket', () => spawnedFixture('websocket', 'websocket-server.ts'))
