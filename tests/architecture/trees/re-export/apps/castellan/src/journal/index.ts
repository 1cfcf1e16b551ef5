export { gate } from '../gate/index.ts'
