/** Writes what comes within one turn of the event loop in one go: a system call for each line costs more than the line. */
export function gathered(write: (text: string) => void): (line: string) => void {
  let lines: string[] = []
  return line => {
    if (lines.push(line) > 1) return
    setImmediate(() => {
      const text = lines.join('')
      lines = []
      write(text)
    })
  }
}
