export { localVault } from './local-vault.ts'
export { masterKey } from './master-key.ts'
