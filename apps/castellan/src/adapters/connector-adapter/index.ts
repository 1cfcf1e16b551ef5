export { adapterConnector } from './adapter-connector.ts'
