export { type Cluster, joinCluster, type ClusterParts } from './cluster.ts'
