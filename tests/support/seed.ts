/** What is chosen at random in tests is the same each time, so that a commit which passed passes again; `npm test -- --seed random` tries others. */
const SEED = 20_260_728

export const seed = seedIn(process.env['CASTELLAN_TEST_SEED'])

function seedIn(given: string | undefined): number {
  if (given === undefined || given === '') return SEED
  if (given === 'random') return Date.now() % 1_000_000_000
  if (/^\d{1,9}$/.test(given)) return Number(given)
  throw new Error(`the seed "${given}" is neither "random" nor a whole number of at most nine digits`)
}
