/**
 * Whom a sentence speaks of, as bits: the same word is an attack on a reader, a judgement of somebody absent, a remark about
 * oneself, or a report of what others said.
 */
export const speakers: readonly string[] = [
  'you your youre youve youll u ur urself yourself yourselves ya yall thy thee tu du vous ты вы sen',
  'he she they them his her him hers their theirs these those hes shes theyre who everyone everybody people guy guys this that',
  'i im my me mine myself we our us ive ill were ourselves id',
  `called calling said says wrote written told tells word words term terms phrase slur slurs offensive quote quoted quotes report reported
   reports according message messages comment comments accused alleged court apologised apologized title book film song lyrics policy
   chant transcript yelled shouted insult insults abusive victim victims witness charged convicted`,
]
