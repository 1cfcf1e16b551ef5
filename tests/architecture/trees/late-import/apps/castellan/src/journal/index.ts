export const word = 'journal'
