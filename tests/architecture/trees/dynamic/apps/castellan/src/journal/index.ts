export const gate = await import('../gate/index.ts')
