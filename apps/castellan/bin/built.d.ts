export function builtForm(app: string): string | undefined
export function digestOf(files: Iterable<readonly [path: string, content: string | Uint8Array | undefined]>): string
export function stampOf(path: string): string | undefined
