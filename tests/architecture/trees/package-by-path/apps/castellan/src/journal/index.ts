import { topic } from '../../../../packages/contracts/src/index.ts'

export { topic }
