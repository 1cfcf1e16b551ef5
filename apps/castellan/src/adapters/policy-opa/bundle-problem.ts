/** Why a bundle cannot be put in force, in a sentence that completes "the bundle …". */
export class BundleProblem extends Error {}
