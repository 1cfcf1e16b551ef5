export { readScript } from './read-script.ts'
export { scriptedModel } from './scripted-model.ts'
