export { listenForOperations } from './operations.ts'
export { Probes } from './probe-servers.ts'
