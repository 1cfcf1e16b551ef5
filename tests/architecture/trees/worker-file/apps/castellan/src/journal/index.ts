export const file = new URL('../gate/index.ts', import.meta.url)
