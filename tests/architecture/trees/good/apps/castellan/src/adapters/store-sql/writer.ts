import { writeFile } from 'node:fs/promises'

await writeFile('x', 'y')
