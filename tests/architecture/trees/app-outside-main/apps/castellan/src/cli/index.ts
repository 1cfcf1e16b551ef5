import { start } from '../app/index.ts'

export { start }
