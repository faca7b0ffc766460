import { describeEngineCrashes } from '../support/engine-crashes.ts'

describeEngineCrashes(2)
