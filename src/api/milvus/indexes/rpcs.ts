import type { Handlers } from '../rpcs/handler.ts'
import { alterIndex, dropIndex } from './change-index.ts'
import { createIndex } from './create-index.ts'
import { describeIndex, getIndexBuildProgress, getIndexState } from './describe-index.ts'

export const indexRpcs: Handlers = {
  CreateIndex: createIndex,
  DescribeIndex: describeIndex,
  GetIndexStatistics: describeIndex,
  GetIndexState: getIndexState,
  GetIndexBuildProgress: getIndexBuildProgress,
  AlterIndex: alterIndex,
  DropIndex: dropIndex,
}
