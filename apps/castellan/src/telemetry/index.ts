export { type Facts, type Level, type Log, logTo, type LogSettings } from './log.ts'
export { type Meter, observe } from './observe.ts'
