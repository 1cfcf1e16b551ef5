export function builtForm(app: string): string | undefined
export function digestOf(files: Iterable<readonly [path: string, text: string | undefined]>): string
