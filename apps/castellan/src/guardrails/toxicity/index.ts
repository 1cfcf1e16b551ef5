export { toxicityDetector } from './toxicity.ts'
