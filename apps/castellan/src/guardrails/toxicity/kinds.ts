/** What a hostile stretch is called in a finding. */
export type Category = 'insult' | 'threat' | 'hate' | 'harassment' | 'sexual' | 'profanity' | 'self-harm-encouragement'

/**
 * Words of a kind are one and the same to the model: what follows "you are such an" matters by what it does, not by how it is
 * spelled, and people of whom nobody wrote a training text are treated like all others.
 */
interface Kind {
  /** What the word is by itself; null when it only colours what stands around it. */
  readonly category: Category | null
  /**
   * How much a word speaks for hostility before anything else is known, as log odds; 0 for words that only mean something together
   * with others.
   */
  readonly prior: number
}

export const kinds = {
  /** Names for groups of people that are made to degrade them. */
  slur: { category: 'hate', prior: 3.2 },
  /** Words for a person that are meant to hurt. */
  abuse: { category: 'insult', prior: 2.8 },
  /** Contempt that is said of persons and of things alike. */
  belittling: { category: 'insult', prior: 1.6 },
  /** Reproach that sober criticism uses, too. */
  reproach: { category: 'insult', prior: 0.5 },
  /** Animals and dirt, when people are meant. */
  beast: { category: 'insult', prior: 0.5 },
  obscenity: { category: 'profanity', prior: 2.5 },
  /** Coarse words that friends use as well. */
  vulgar: { category: 'profanity', prior: 1.6 },
  oath: { category: 'profanity', prior: 0.7 },
  /** Vulgar words for bodies and what they do. */
  lewd: { category: 'sexual', prior: 2.2 },
  /** Words of sexuality that a doctor, a court or a lover uses, too. */
  intimate: { category: 'sexual', prior: 0.5 },
  /** What is done to somebody in a threat, and to processes, records and opponents elsewhere. */
  violence: { category: null, prior: 0 },
  /** People by origin, belief, body, sex and whom they love. Nothing hostile in itself. */
  group: { category: null, prior: 0 },
  /** Public persons and their parties: whoever is criticised most this year must not become a bad word. */
  public: { category: null, prior: 0 },
  number: { category: null, prior: 0 },
} as const satisfies Readonly<Record<string, Kind>>

export type KindName = keyof typeof kinds
