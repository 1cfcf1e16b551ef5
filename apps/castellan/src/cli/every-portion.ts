interface Portion {
  readonly left: number
  readonly next: string | null
}

/** Has portion after portion seen to, until there is nothing else to be tried. Resolves with how many were, and how many are left. */
export async function everyPortion<Done extends string>(
  done: Done,
  portionAfter: (page: { after?: string }) => Promise<Portion & Readonly<Record<Done, number>>>,
): Promise<{ count: number; left: number }> {
  let count = 0
  for (let page: { after?: string } = {}; ;) {
    const portion = await portionAfter(page)
    count += portion[done]
    if (portion.next === null) return { count, left: portion.left }
    page = { after: portion.next }
  }
}
