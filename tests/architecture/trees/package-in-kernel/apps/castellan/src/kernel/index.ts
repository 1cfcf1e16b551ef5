import { topic } from '@castellan/contracts'

export { topic }
