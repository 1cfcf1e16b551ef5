export { aiSdkModel, type AiSdkOptions } from './ai-sdk-model.ts'
