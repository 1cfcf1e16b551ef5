import { env } from 'node:process'

export { env }
