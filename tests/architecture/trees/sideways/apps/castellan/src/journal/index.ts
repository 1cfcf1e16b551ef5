import { gate } from '../gate/index.ts'

export { gate }
