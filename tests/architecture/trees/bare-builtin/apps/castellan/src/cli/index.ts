import { readFile } from 'fs/promises'

export { readFile }
