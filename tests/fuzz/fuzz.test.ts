import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { seed } from '../support/seed.ts'
import { targets } from './targets.ts'

/** The long form is `npm run fuzz -- --seconds N --seed S`. */
describe(`a moment of fuzzing (seed ${seed})`, { concurrency: false }, () => {
  for (const { name, promise, runs, open } of targets) {
    test(`${name}: ${promise}`, async () => {
      const trial = await open()
      const { found } = await trial.run({ seed, runs })
      await trial.close()
      assert.equal(found, null)
    })
  }
})
