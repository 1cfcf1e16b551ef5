export { natsFanout } from './nats-fanout.ts'
