export { httpProvider } from './http-provider.ts'
