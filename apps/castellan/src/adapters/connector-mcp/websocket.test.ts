import { connectorSuite } from '../../gate/connector.testsuite.ts'
import { spawnedFixture } from './fixtures/spawned-fixture.ts'

connectorSuite('WebSocket', () => spawnedFixture('websocket', 'websocket-server.ts'))
