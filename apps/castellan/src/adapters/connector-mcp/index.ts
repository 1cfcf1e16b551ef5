export { mcpConnector } from './connector.ts'
