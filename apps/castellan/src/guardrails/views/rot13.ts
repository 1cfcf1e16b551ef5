/** Words of English that instructions are made of, turned by thirteen letters; none of them is a word as it stands. */
const turned = ['vtaber', 'cerivbhf', 'vafgehpgvba', 'flfgrz', 'cebzcg', 'cnffjbeq', 'frperg', 'erirny', ' gur ', ' lbhe ', ' naq '] // prettier-ignore
/** One of them may be a name or a typing error. */
const ENOUGH = 2

/** Whether a text has any of them, which is the cheap no for nearly every text. */
const any = new RegExp(
  turned.map(word => word.replace(/^[a-z]/, letter => `[${letter.toUpperCase()}${letter}]`)).join('|'),
)

/** The text turned by thirteen letters, if that makes English of it; null otherwise. */
export function unturned(text: string): string | null {
  if (!any.test(text) || turned.filter(word => text.includes(word) || text.includes(capitalised(word))).length < ENOUGH)
    return null
  return text.replaceAll(/[A-Za-z]/g, letter => {
    const base = letter <= 'Z' ? 65 : 97
    return String.fromCharCode(base + ((letter.charCodeAt(0) - base + 13) % 26))
  })
}

function capitalised(word: string): string {
  return word[0]!.toUpperCase() + word.slice(1)
}
