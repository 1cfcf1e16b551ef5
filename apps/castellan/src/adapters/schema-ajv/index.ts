export { ajvValidator, type AjvValidator } from './ajv-validator.ts'
