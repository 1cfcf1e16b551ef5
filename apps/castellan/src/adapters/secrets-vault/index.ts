export { vaultSource, type VaultOptions } from './vault-source.ts'
