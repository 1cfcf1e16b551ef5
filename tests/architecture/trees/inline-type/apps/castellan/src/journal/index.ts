export type Call = import('../gate/index.ts').Call
