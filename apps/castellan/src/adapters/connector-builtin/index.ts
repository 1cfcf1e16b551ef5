export { builtinConnector } from './builtin-connector.ts'
