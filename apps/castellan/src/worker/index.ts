export { every, type Loop } from './loop.ts'
export { Probes } from './probe-servers.ts'
