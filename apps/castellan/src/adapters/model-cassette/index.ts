export { cassetteModel, type CassetteOptions } from './cassette-model.ts'
