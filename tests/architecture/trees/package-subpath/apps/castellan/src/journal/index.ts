import { topic } from '@castellan/contracts/src/topic.ts'

export { topic }
