export { openApiConnector } from './openapi-connector.ts'
