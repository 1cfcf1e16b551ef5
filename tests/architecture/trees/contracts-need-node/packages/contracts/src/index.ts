import { hash } from 'node:crypto'

export { hash }
