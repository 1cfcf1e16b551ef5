export { onnxProvider } from './onnx-provider.ts'
