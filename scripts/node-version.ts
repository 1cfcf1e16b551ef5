const NEEDED = 24

/** Ends the process with an explanation when this Node cannot run the scripts of this repository. */
export function requireNode(version = process.versions.node): void {
  if (Number(version.split('.')[0]) >= NEEDED) return
  console.error(
    `Castellan needs Node ${NEEDED} or newer, and this is Node ${version} (${process.execPath}).\n` +
      'On Linux, "npm ci" installs the right one into node_modules/.bin, where npm scripts find it first: start this with\n' +
      '"npm run …" or "npm test". Elsewhere, install Node 24 yourself.',
  )
  process.exit(1)
}
