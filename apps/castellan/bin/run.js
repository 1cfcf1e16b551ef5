// Runs the program: the built form when it is of these very sources, the sources themselves when not.
import { enableCompileCache } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { setFlagsFromString } from 'node:v8'
import { builtForm } from './built.js'

// Little of what a call needs outlives it, so there is next to nothing to share out among threads: to wake them costs more.
setFlagsFromString('--no-parallel-scavenge')
// By itself the heap grows to several times of what is held before it is collected; this way it stays near it, for little more work. A start
// would take longer, as it only builds things that stay.
setTimeout(() => setFlagsFromString('--heap-growing-percent=40'), 1_000).unref()

const app = fileURLToPath(new URL('..', import.meta.url))
const built = builtForm(app)
// Compiled code is kept beside what it was compiled from, and goes with it; where that cannot be written, it does without.
if (built !== undefined) enableCompileCache(join(built, 'compiled'))
await import(pathToFileURL(built === undefined ? join(app, 'src/main.ts') : join(built, 'main.js')).href)
