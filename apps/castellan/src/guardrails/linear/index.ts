export { bucketsOf, BUCKETS, FEATURES, MOST_PER_WORD } from './buckets.ts'
export { Model, type Profile, STEP, type Stretch, type Weights, WINDOWS } from './model.ts'
export { wordHash, type Words, wordsOf } from './words.ts'
export { type Hit, Phrases } from './phrases.ts'
