export { lineTcpConnector } from './line-tcp-connector.ts'
