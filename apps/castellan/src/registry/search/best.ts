/** Indexes of the highest scores above 0, the highest first and equal ones in the order they stand; at most `limit`. */
export function best(scores: ArrayLike<number>, limit: number): number[] {
  const found: number[] = []
  for (let index = 0; index < scores.length; index++) {
    const score = scores[index]!
    if (score <= 0 || (found.length === limit && score <= scores[found.at(-1)!]!)) continue
    let place = found.length
    while (place > 0 && scores[found[place - 1]!]! < score) place--
    found.splice(place, 0, index)
    if (found.length > limit) found.pop()
  }
  return found
}
