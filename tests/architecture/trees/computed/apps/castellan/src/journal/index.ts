const name = '../gate/index.ts'
export const gate = await import(name)
