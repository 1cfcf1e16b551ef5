export { environmentSource } from './environment-source.ts'
export { fileSource } from './file-source.ts'
export { localVault } from './local-vault.ts'
export { KeyFiles, oneKey } from './master-keys.ts'
