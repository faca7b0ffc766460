import { doing, named, type RestCall, type RestRoutes } from '../route.ts'
import { rowCount } from './collections.ts'

export const partitionRoutes: RestRoutes = {
  '/partitions/list': async (request) => {
    const answer = (await request.rpc('ShowPartitions', named(request))) as {
      partition_names: readonly string[]
    }
    return { data: [...answer.partition_names] }
  },
  '/partitions/has': async (request) => {
    const { value } = (await request.rpc('HasPartition', onePartition(request))) as { value: boolean }
    return { data: { has: value } }
  },
  '/partitions/get_stats': async (request) => ({
    data: await rowCount(request, 'GetPartitionStatistics', onePartition(request)),
  }),
  '/partitions/create': doing('CreatePartition', onePartition),
  '/partitions/drop': doing('DropPartition', onePartition),
  '/partitions/load': doing('LoadPartitions', partitions),
  '/partitions/release': doing('ReleasePartitions', partitions),
}

function onePartition(request: RestCall): object {
  return { ...named(request), partition_name: request.body.neededText('partitionName') }
}

function partitions(request: RestCall): object {
  request.body.needed('partitionNames')
  return { ...named(request), partition_names: request.body.texts('partitionNames') }
}
