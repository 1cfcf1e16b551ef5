export { threadOnlooker } from './thread-onlooker.ts'
