export const journal = await import('../journal/index.ts')
