import type { Example } from '../corpus.ts'
import { thresholdFor, type Trial } from '../hold-back.ts'
import { commentOf, learn, scoreOf } from './learn.ts'

/** Families are spread over so many parts, and each part is judged by a model of the others. */
const PARTS = 9

/**
 * The share of comments in `innocent/`, of families a model never saw, that it may find hostile. Nearly all of them were written because
 * they come close to hostility, so of what people usually write it is a fraction of that; `ordinary/` says what fraction.
 */
const FALSE_ALARMS = 0.04

/** Every comment, judged by a model that was trained without its whole family. */
export function trials(examples: readonly Example[]): Trial[] {
  const comments = examples.map(commentOf)
  const families = [...new Set(examples.map(({ family }) => family))]
  const partOf = ({ family }: Example) => families.indexOf(family) % PARTS
  return Array.from({ length: PARTS }, (_, part) => part).flatMap(part => {
    const learned = learn(
      comments.filter((_, index) => partOf(examples[index]!) !== part),
      `without ${part}`,
    )
    return examples.flatMap((example, index) =>
      partOf(example) === part ? [{ example, score: scoreOf(learned, comments[index]!) }] : [],
    )
  })
}

/** From which score on a sentence is believed to be hostile. */
export function thresholdOf(heldBack: readonly Trial[]): number {
  return thresholdFor(
    heldBack.filter(({ example }) => !example.family.startsWith('ordinary/')),
    FALSE_ALARMS,
  )
}
