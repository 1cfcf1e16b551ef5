export { type Cluster, joinCluster, type ClusterParts } from './cluster.ts'
export { openEar } from './ear.ts'
